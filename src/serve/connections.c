/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/connections.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LEAST_RATE (32 << 10) /* bytes a second of an answer */
#define UNDER_WAY (128 << 10) /* bytes of an answer that the kernel holds for a client; else it is megabytes */

struct peer { /* an address; all of this machine's sockets are one */
    unsigned char address[16];
    unsigned connections;
};

struct connection {
    struct connection *next, *previous;
    struct peer *peer;
    int fd;
    _Atomic int64_t waits_since; /* monotonic, microseconds; 0: at work */
    _Atomic bool answers;        /* its answer goes out */
    int64_t takes_since;         /* the tick from which on it has not taken all there was; 0: it has */
    uint64_t taken;              /* bytes until then */
    _Atomic bool served;         /* a request at least */
    bool doomed;                 /* told to go */
};

struct nx_connections {
    struct nx_connections_limits limits;
    struct nx_counter *slow, *displaced, *refused;
    _Atomic unsigned count; /* without the doomed */
    pthread_mutex_t lock;   /* guards all below */
    struct connection *first;
    GHashTable *peers; /* struct peer to itself */
};

static guint peer_hash(gconstpointer data)
{
    guint hash = 5381;
    for (size_t i = 0; i < sizeof((const struct peer *)data)->address; i++)
        hash = hash * 33 + ((const struct peer *)data)->address[i];
    return hash;
}

static gboolean peer_equal(gconstpointer a, gconstpointer b)
{
    const struct peer *x = a, *y = b;
    return memcmp(x->address, y->address, sizeof x->address) == 0;
}

struct nx_connections *nx_connections_new(const struct nx_connections_limits *limits, struct nx_metrics *metrics)
{
    struct nx_connections *connections = g_new0(struct nx_connections, 1);
    connections->limits = *limits;
    connections->slow = nx_metrics_counter(metrics, NX_METRIC_CONNECTIONS_ENDED, "why=\"slow\"");
    connections->displaced = nx_metrics_counter(metrics, NX_METRIC_CONNECTIONS_ENDED, "why=\"displaced\"");
    connections->refused = nx_metrics_counter(metrics, NX_METRIC_CONNECTIONS_ENDED, "why=\"refused\"");
    pthread_mutex_init(&connections->lock, NULL);
    connections->peers = g_hash_table_new_full(peer_hash, peer_equal, NULL, g_free);
    return connections;
}

void nx_connections_free(struct nx_connections *connections)
{
    g_hash_table_unref(connections->peers);
    pthread_mutex_destroy(&connections->lock);
    g_free(connections);
}

/* ---- under the lock */

/* The library finds it ended and closes it; until then its place is not counted. */
static void doom(struct nx_connections *connections, struct connection *connection, struct nx_counter *why)
{
    connection->doomed = true;
    connection->peer->connections--;
    connections->count--;
    nx_counter_add(why, 1);
    shutdown(connection->fd, SHUT_RDWR);
}

/* The longest waiting one of the peer that has the most; false: all are at work. */
static bool displace(struct nx_connections *connections)
{
    struct connection *victim = NULL;
    int64_t since = 0;
    for (struct connection *one = connections->first; one != NULL; one = one->next) {
        int64_t its = one->waits_since;
        if (one->doomed || its == 0)
            continue;
        if (victim == NULL || one->peer->connections > victim->peer->connections ||
            (one->peer->connections == victim->peer->connections && its < since)) {
            victim = one;
            since = its;
        }
    }
    if (victim != NULL)
        doom(connections, victim, connections->displaced);
    return victim != NULL;
}

static struct peer *peer_of(struct nx_connections *connections, const struct sockaddr *address)
{
    struct peer key = {0};
    if (address != NULL && address->sa_family == AF_INET)
        memcpy(key.address + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address != NULL && address->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six))
            memcpy(key.address + 12, six->s6_addr + 12, 4);
        else /* who has one address has its whole network */
            memcpy(key.address, six, 8);
    }
    struct peer *peer = g_hash_table_lookup(connections->peers, &key);
    if (peer == NULL) {
        peer = g_memdup2(&key, sizeof key);
        g_hash_table_add(connections->peers, peer);
    }
    return peer;
}

/* Who stops reading holds little, and not for long after we have let go of him. */
static void bound_kernel(int fd, int64_t idle)
{
    const int bytes = UNDER_WAY;
    const unsigned milliseconds = (unsigned)idle * 1000;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

static struct connection *add(struct nx_connections *connections, struct MHD_Connection *library)
{
    const union MHD_ConnectionInfo *address = MHD_get_connection_info(library, MHD_CONNECTION_INFO_CLIENT_ADDRESS),
                                   *fd = MHD_get_connection_info(library, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *connection = g_new0(struct connection, 1);
    connection->fd = fd->connect_fd;
    bound_kernel(connection->fd, connections->limits.idle);
    connection->waits_since = g_get_monotonic_time();
    connection->peer = peer_of(connections, address->client_addr);
    connection->peer->connections++;
    connection->next = connections->first;
    if (connection->next != NULL)
        connection->next->previous = connection;
    connections->first = connection;
    if (++connections->count > connections->limits.most)
        displace(connections);
    return connection;
}

static void drop(struct nx_connections *connections, struct connection *connection)
{
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    *(connection->previous != NULL ? &connection->previous->next : &connections->first) = connection->next;
    if (!connection->doomed) {
        connection->peer->connections--;
        connections->count--;
    }
    g_free(connection);
}

/* ---- end of it */

/* Peers without connections are forgotten now and then, not each time. */
static gboolean is_gone(gpointer key, gpointer value, gpointer data)
{
    (void)value;
    for (const struct connection *one = data; one != NULL; one = one->next)
        if (one->peer == key)
            return FALSE;
    return TRUE;
}

void nx_connections_notify(void *data, struct MHD_Connection *library, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct nx_connections *connections = data;
    pthread_mutex_lock(&connections->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = add(connections, library);
    else if (*context != NULL)
        drop(connections, *context);
    pthread_mutex_unlock(&connections->lock);
}

static struct connection *of(struct MHD_Connection *library)
{
    return MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

bool nx_connections_begin(struct nx_connections *connections, struct MHD_Connection *library)
{
    of(library)->waits_since = 0;
    if (connections->count <= connections->limits.most)
        return true;
    pthread_mutex_lock(&connections->lock);
    bool room = connections->count <= connections->limits.most || displace(connections);
    pthread_mutex_unlock(&connections->lock);
    if (!room)
        nx_counter_add(connections->refused, 1);
    return room;
}

void nx_connections_answer(struct nx_connections *connections, struct MHD_Connection *library)
{
    (void)connections;
    of(library)->answers = true;
}

/* Does it take its answer too slowly? By what the peer has acknowledged; not known of a socket that is not TCP. */
static bool is_slow_reader(struct connection *connection, int64_t now, int64_t allowed)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int waiting = 0;
    if (!connection->answers || ioctl(connection->fd, SIOCOUTQ, &waiting) != 0 || waiting == 0 ||
        getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        connection->takes_since = 0;
        return false;
    }
    if (connection->takes_since == 0) {
        connection->takes_since = now;
        connection->taken = info.tcpi_bytes_acked;
    }
    return now - connection->takes_since >
           allowed * G_USEC_PER_SEC + (int64_t)((info.tcpi_bytes_acked - connection->taken) * G_USEC_PER_SEC / LEAST_RATE);
}

void nx_connections_end(struct nx_connections *connections, struct MHD_Connection *library)
{
    struct connection *connection = of(library);
    (void)connections;
    connection->answers = false;
    connection->served = true;
    connection->waits_since = g_get_monotonic_time();
}

void nx_connections_tick(struct nx_connections *connections)
{
    int64_t now = g_get_monotonic_time();
    pthread_mutex_lock(&connections->lock);
    for (struct connection *one = connections->first; one != NULL; one = one->next) {
        int64_t since = one->waits_since, allowed = one->served ? connections->limits.idle : connections->limits.head;
        bool slow = since != 0 ? now - since > allowed * G_USEC_PER_SEC : is_slow_reader(one, now, connections->limits.idle);
        if (!one->doomed && slow)
            doom(connections, one, connections->slow);
    }
    if (g_hash_table_size(connections->peers) > 2 * connections->limits.most)
        g_hash_table_foreach_remove(connections->peers, is_gone, connections->first);
    pthread_mutex_unlock(&connections->lock);
}

unsigned nx_connections_count(struct nx_connections *connections)
{
    return connections->count;
}
