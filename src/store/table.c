/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table.h"

#include "base/error.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define MAGIC "NXTABLE2"
#define STREAMS_MAX 65535u
#define UNIT 4u /* records begin at multiples of it, so a directory entry reaches 16 GiB */
#define PER_BUCKET 3u

/* The file: header, directory (buckets + 1 offsets in units), records, stream names (each behind a 16-bit length). Numbers in this
 * machine's order: the file does not travel. */
struct header {
    char magic[8];
    struct nx_table_about about;
    uint64_t vocabulary; /* hash of the names of causes: their numbers are only ours */
    uint64_t seed, records, buckets, domains;
    uint64_t directory_at, records_at, streams_at, size;
    uint32_t streams;
    uint32_t padding;
    uint64_t check; /* of all above */
};

struct record { /* then the key's bytes, then nothing up to the next unit */
    uint16_t tag;
    uint16_t key;
    uint8_t cause;
    uint8_t flags;
    uint16_t stream;
    uint32_t since;
    uint32_t until; /* 0: for ever */
};
#define FLAG_ALLOWED 1u
#define CLASS_SHIFT 1u /* two bits of flags */

struct nx_table {
    struct header header;
    const unsigned char *base;
    const uint32_t *directory;
    const unsigned char *records, *end;
    GPtrArray *streams; /* GBytes-free copies: struct nx_str * */
};

struct nx_table_maker {
    struct header header;
    uint32_t *fill; /* per bucket: units counted, then where the next record goes */
    unsigned char *base;
    char *path, *temporary;
    int fd;
    bool unnamed;           /* the file has no name yet */
    GHashTable *stream_ids; /* name to index */
    GPtrArray *stream_names;
};

static uint64_t vocabulary(void)
{
    uint64_t hash = 0;
    for (int i = 0; i < NX_CAUSE_COUNT; i++) {
        const char *name = nx_cause_name((enum nx_cause)i);
        hash = XXH3_64bits_withSeed(name, strlen(name), hash);
    }
    return hash;
}

static uint64_t hash_of(struct nx_str key, uint64_t seed)
{
    return XXH3_64bits_withSeed(key.p, key.n, seed);
}

static inline uint64_t bucket_of(uint64_t hash, uint64_t buckets)
{
    return (uint64_t)(((unsigned __int128)hash * buckets) >> 64);
}

static inline uint32_t units_of(struct nx_str key)
{
    return (uint32_t)((sizeof(struct record) + key.n + UNIT - 1) / UNIT);
}

struct nx_table_maker *nx_table_maker_new(uint64_t expected)
{
    struct nx_table_maker *maker = g_new0(struct nx_table_maker, 1);
    memcpy(maker->header.magic, MAGIC, sizeof maker->header.magic);
    maker->header.buckets = expected / PER_BUCKET + 1;
    maker->header.seed = (uint64_t)g_random_int() << 32 | g_random_int(); /* nobody outside can aim at one bucket */
    maker->header.vocabulary = vocabulary();
    maker->fill = g_new0(uint32_t, maker->header.buckets + 1);
    maker->fd = -1;
    maker->stream_ids = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
    maker->stream_names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(maker->stream_names, g_strdup("")); /* 0: all streams */
    g_hash_table_insert(maker->stream_ids, maker->stream_names->pdata[0], GUINT_TO_POINTER(0));
    return maker;
}

static uint16_t stream_id(struct nx_table_maker *maker, struct nx_str stream)
{
    if (stream.n == 0)
        return 0;
    g_autofree char *name = g_strndup(stream.p, stream.n);
    gpointer id;
    if (g_hash_table_lookup_extended(maker->stream_ids, name, NULL, &id))
        return (uint16_t)GPOINTER_TO_UINT(id);
    guint next = maker->stream_names->len;
    if (next >= STREAMS_MAX)
        return STREAMS_MAX; /* a stream beyond all bounds: _finish fails */
    g_ptr_array_add(maker->stream_names, g_steal_pointer(&name));
    g_hash_table_insert(maker->stream_ids, maker->stream_names->pdata[next], GUINT_TO_POINTER(next));
    return (uint16_t)next;
}

void nx_table_count(struct nx_table_maker *maker, const struct nx_table_record *record)
{
    maker->fill[bucket_of(hash_of(record->key, maker->header.seed), maker->header.buckets)] += units_of(record->key);
    maker->header.records++;
    maker->header.domains += record->key.n > 0 && record->key.p[record->key.n - 1] == '@';
    (void)stream_id(maker, record->stream);
}

/* Without a name until it is whole, so that whoever is killed leaves nothing behind; under the name of a part where the file system
 * has no such files. */
static int open_part(struct nx_table_maker *maker, const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    maker->fd = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    maker->unnamed = maker->fd >= 0;
    if (!maker->unnamed)
        maker->fd = open(maker->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return maker->fd < 0 ? errno : 0;
}

static bool give_name(const struct nx_table_maker *maker)
{
    char fd[40];
    if (!maker->unnamed)
        return true;
    g_snprintf(fd, sizeof fd, "/proc/self/fd/%d", maker->fd);
    unlink(maker->temporary);
    return linkat(AT_FDCWD, fd, AT_FDCWD, maker->temporary, AT_SYMLINK_FOLLOW) == 0;
}

static gboolean map(struct nx_table_maker *maker, const char *path, GError **error)
{
    size_t size = maker->header.size;
    if (path != NULL) {
        maker->path = g_strdup(path);
        maker->temporary = g_strdup_printf("%s.%ld.part", path, (long)getpid());
        int failed = open_part(maker, path);
        if (failed == 0)
            failed = posix_fallocate(maker->fd, 0, (off_t)size); /* room now, not a bus error later */
        if (failed != 0) {
            g_set_error(error, NX_ERROR, failed == ENOSPC || failed == EFBIG ? NX_ERROR_FULL : NX_ERROR_IO,
                        "%s: cannot be written: %s", path, g_strerror(failed));
            return FALSE;
        }
    }
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, path != NULL ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, maker->fd, 0);
    if (base == MAP_FAILED) {
        g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "no room for %zu bytes of lookup table: %s", size, g_strerror(errno));
        return FALSE;
    }
    maker->base = base;
    return TRUE;
}

gboolean nx_table_layout(struct nx_table_maker *maker, const char *path, GError **error)
{
    struct header *header = &maker->header;
    uint64_t units = 0;
    for (uint64_t i = 0; i < header->buckets; i++) {
        uint32_t here = maker->fill[i];
        if (units > UINT32_MAX) {
            g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "the lookup table would be larger than 16 GiB");
            return FALSE;
        }
        maker->fill[i] = (uint32_t)units;
        units += here;
    }
    maker->fill[header->buckets] = (uint32_t)units;
    size_t streams = 0;
    for (guint i = 0; i < maker->stream_names->len; i++)
        streams += 2 + strlen(maker->stream_names->pdata[i]);
    header->streams = maker->stream_names->len;
    header->directory_at = 4096;
    header->records_at = header->directory_at + (header->buckets + 1) * sizeof(uint32_t);
    header->records_at = (header->records_at + 63) / 64 * 64;
    header->streams_at = header->records_at + units * UNIT;
    header->size = header->streams_at + streams;
    if (!map(maker, path, error))
        return FALSE;
    memcpy(maker->base + header->directory_at, maker->fill, (header->buckets + 1) * sizeof(uint32_t));
    unsigned char *at = maker->base + header->streams_at;
    for (guint i = 0; i < maker->stream_names->len; i++) {
        uint16_t n = (uint16_t)strlen(maker->stream_names->pdata[i]);
        memcpy(at, &n, 2);
        memcpy(at + 2, maker->stream_names->pdata[i], n);
        at += 2 + n;
    }
    return TRUE;
}

static uint32_t to_u32(nx_when when)
{
    return when == NX_WHEN_NONE ? 0 : (uint32_t)CLAMP(when, 1, UINT32_MAX);
}

void nx_table_put(struct nx_table_maker *maker, const struct nx_table_record *record)
{
    uint64_t hash = hash_of(record->key, maker->header.seed), bucket = bucket_of(hash, maker->header.buckets);
    const struct record out = {.tag = (uint16_t)hash,
                               .key = (uint16_t)record->key.n,
                               .cause = (uint8_t)record->cause,
                               .flags = (uint8_t)((record->allowed ? FLAG_ALLOWED : 0) | (unsigned)record->class_ << CLASS_SHIFT),
                               .stream = stream_id(maker, record->stream),
                               .since = to_u32(record->since),
                               .until = to_u32(record->until)};
    unsigned char *at = maker->base + maker->header.records_at + (size_t)maker->fill[bucket] * UNIT;
    maker->fill[bucket] += units_of(record->key);
    memcpy(at, &out, sizeof out);
    memcpy(at + sizeof out, record->key.p, record->key.n);
}

static gboolean write_out(struct nx_table_maker *maker, GError **error)
{
    if (maker->path == NULL)
        return TRUE;
    g_autofree char *directory = g_path_get_dirname(maker->path);
    int dir = -1;
    bool good = msync(maker->base, maker->header.size, MS_SYNC) == 0 && fsync(maker->fd) == 0 && give_name(maker) &&
                rename(maker->temporary, maker->path) == 0 && (dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 &&
                fsync(dir) == 0;
    if (!good)
        g_set_error(error, NX_ERROR, errno == ENOSPC ? NX_ERROR_FULL : NX_ERROR_IO, "%s: cannot be written: %s", maker->path,
                    g_strerror(errno));
    else
        g_clear_pointer(&maker->temporary, g_free);
    if (dir >= 0)
        close(dir);
    return good;
}

static struct nx_table *table_new(const unsigned char *base)
{
    struct nx_table *table = g_new0(struct nx_table, 1);
    memcpy(&table->header, base, sizeof table->header);
    table->base = base;
    table->directory = (const uint32_t *)(const void *)(base + table->header.directory_at);
    table->records = base + table->header.records_at;
    table->end = base + table->header.streams_at;
    table->streams = g_ptr_array_new_with_free_func(g_free);
    const unsigned char *at = table->end, *limit = base + table->header.size;
    for (uint32_t i = 0; i < table->header.streams; i++) {
        uint16_t n = 0;
        struct nx_str *name = g_new0(struct nx_str, 1);
        if (limit - at >= 2)
            memcpy(&n, at, 2);
        if (limit - at >= 2 + n)
            *name = (struct nx_str){(const char *)at + 2, n};
        g_ptr_array_add(table->streams, name);
        at += 2 + n;
    }
    return table;
}

struct nx_table *nx_table_finish(struct nx_table_maker *maker, const struct nx_table_about *about, GError **error)
{
    g_autoptr(nx_table_maker) own = maker;
    own->header.about = *about;
    own->header.check = XXH3_64bits(&own->header, offsetof(struct header, check));
    memcpy(own->base, &own->header, sizeof own->header);
    if (own->header.streams >= STREAMS_MAX) {
        g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "more than %u streams have entries", STREAMS_MAX);
        return NULL;
    }
    if (!write_out(own, error))
        return NULL;
    mprotect(own->base, own->header.size, PROT_READ);
    return table_new(g_steal_pointer(&own->base));
}

void nx_table_maker_free(struct nx_table_maker *maker)
{
    if (maker == NULL)
        return;
    if (maker->base != NULL)
        munmap(maker->base, maker->header.size);
    if (maker->fd >= 0)
        close(maker->fd);
    if (maker->temporary != NULL)
        unlink(maker->temporary);
    g_free(maker->temporary);
    g_free(maker->path);
    g_free(maker->fill);
    g_hash_table_unref(maker->stream_ids);
    g_ptr_array_unref(maker->stream_names);
    g_free(maker);
}

static bool is_good(const struct header *header, uint64_t size)
{
    return memcmp(header->magic, MAGIC, sizeof header->magic) == 0 &&
           header->check == XXH3_64bits(header, offsetof(struct header, check)) && header->vocabulary == vocabulary() &&
           header->size == size;
}

struct nx_table *nx_table_open(const char *path, GError **error)
{
    struct stat info;
    struct header header;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &info) == 0 && pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
                is_good(&header, (uint64_t)info.st_size);
    void *base = good ? mmap(NULL, header.size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (base != MAP_FAILED)
        return table_new(base);
    g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%s: no lookup table of this version", path);
    return NULL;
}

void nx_table_free(struct nx_table *table)
{
    if (table == NULL)
        return;
    munmap((void *)(uintptr_t)table->base, table->header.size);
    g_ptr_array_unref(table->streams);
    g_free(table);
}

const struct nx_table_about *nx_table_about(const struct nx_table *table)
{
    return &table->header.about;
}

uint64_t nx_table_size(const struct nx_table *table)
{
    return table->header.records;
}

bool nx_table_has_domains(const struct nx_table *table)
{
    return table->header.domains > 0;
}

uint64_t nx_table_hash(const struct nx_table *table, struct nx_str key)
{
    return hash_of(key, table->header.seed);
}

void nx_table_warm_directory(const struct nx_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->directory[bucket_of(hash, table->header.buckets)]);
}

void nx_table_warm_bucket(const struct nx_table *table, uint64_t hash)
{
    const uint32_t *bucket = &table->directory[bucket_of(hash, table->header.buckets)];
    const unsigned char *at = table->records + (size_t)bucket[0] * UNIT, *end = table->records + (size_t)bucket[1] * UNIT;
    for (; at < end; at += 64)
        __builtin_prefetch(at);
}

bool nx_table_next(const struct nx_table *table, uint64_t hash, struct nx_str key, uint32_t *at, struct nx_table_record *ret)
{
    const uint32_t *bucket = &table->directory[bucket_of(hash, table->header.buckets)];
    const unsigned char *from = table->records + (size_t)bucket[0] * UNIT, *end = table->records + (size_t)bucket[1] * UNIT;
    if (end > table->end) /* the file was damaged under us */
        return false;
    for (from += *at; from < end;) {
        struct record record;
        memcpy(&record, from, sizeof record);
        const char *own = (const char *)from + sizeof record;
        from += (sizeof record + record.key + UNIT - 1) / UNIT * UNIT;
        if (record.tag != (uint16_t)hash || record.key != key.n || from > end || memcmp(own, key.p, key.n) != 0)
            continue;
        *at = (uint32_t)(from - (table->records + (size_t)bucket[0] * UNIT));
        *ret = (struct nx_table_record){
            .key = {own, record.key},
            .stream = record.stream < table->streams->len ? *(struct nx_str *)table->streams->pdata[record.stream] : NX_STR_NONE,
            .cause = record.cause < NX_CAUSE_COUNT ? (enum nx_cause)record.cause : NX_CAUSE_UNKNOWN,
            .class_ = (enum nx_class)(record.flags >> CLASS_SHIFT & 3u),
            .since = record.since,
            .until = record.until == 0 ? NX_WHEN_NONE : record.until,
            .allowed = (record.flags & FLAG_ALLOWED) != 0};
        return true;
    }
    return false;
}
