/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/metrics.h"

#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

static const struct {
    const char *name, *help;
    enum type type;
} table[] = {
#define NX_METRIC(id, metric_name, metric_type, metric_help) {.name = metric_name, .help = metric_help, .type = metric_type},
#include "serve/metrics.def"
#undef NX_METRIC
};

static const struct {
    gint64 microseconds;
    const char *seconds;
} buckets[] = {{500, "0.0005"}, {1000, "0.001"}, {2500, "0.0025"}, {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"},
               {50000, "0.05"}, {100000, "0.1"}, {250000, "0.25"}, {1000000, "1"},  {5000000, "5"}};

struct nx_counter {
    _Atomic int64_t value;
};

struct histogram {
    _Atomic uint64_t counts[G_N_ELEMENTS(buckets) + 1];
    _Atomic int64_t sum;
};

struct nx_metrics {
    pthread_mutex_t lock;                /* of the tables; what they hold is counted without it */
    GHashTable *series[NX_METRIC_COUNT]; /* labels to struct nx_counter, for counters and gauges */
    struct histogram histograms[NX_METRIC_COUNT];
};

struct nx_metrics *nx_metrics_new(void)
{
    struct nx_metrics *metrics = g_new0(struct nx_metrics, 1);
    pthread_mutex_init(&metrics->lock, NULL);
    for (int i = 0; i < NX_METRIC_COUNT; i++)
        metrics->series[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return metrics;
}

void nx_metrics_free(struct nx_metrics *metrics)
{
    for (int i = 0; i < NX_METRIC_COUNT; i++)
        g_hash_table_unref(metrics->series[i]);
    pthread_mutex_destroy(&metrics->lock);
    g_free(metrics);
}

/* Under the lock. */
static struct nx_counter *series(struct nx_metrics *metrics, enum nx_metric metric, const char *labels)
{
    struct nx_counter *counter = g_hash_table_lookup(metrics->series[metric], labels);
    if (counter == NULL) {
        counter = g_new0(struct nx_counter, 1);
        g_hash_table_insert(metrics->series[metric], g_strdup(labels), counter);
    }
    return counter;
}

struct nx_counter *nx_metrics_counter(struct nx_metrics *metrics, enum nx_metric metric, const char *labels)
{
    pthread_mutex_lock(&metrics->lock);
    struct nx_counter *counter = series(metrics, metric, labels);
    pthread_mutex_unlock(&metrics->lock);
    return counter;
}

void nx_counter_add(struct nx_counter *counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counter->value, (int64_t)n, memory_order_relaxed);
}

void nx_metrics_count(struct nx_metrics *metrics, enum nx_metric metric, const char *labels, uint64_t n)
{
    nx_counter_add(nx_metrics_counter(metrics, metric, labels), n);
}

void nx_metrics_set(struct nx_metrics *metrics, enum nx_metric metric, const char *labels, int64_t value)
{
    nx_metrics_counter(metrics, metric, labels)->value = value;
}

void nx_metrics_observe(struct nx_metrics *metrics, enum nx_metric metric, gint64 microseconds)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(buckets) && microseconds > buckets[i].microseconds)
        i++;
    atomic_fetch_add_explicit(&metrics->histograms[metric].counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->histograms[metric].sum, microseconds, memory_order_relaxed);
}

static void count_event(struct nx_metrics *metrics, const struct nx_event *event, bool duplicate)
{
    char labels[160];
    if (duplicate) {
        g_snprintf(labels, sizeof labels, "source=\"%.*s\"", NX_FMT(event->origin.source));
        nx_counter_add(series(metrics, NX_METRIC_DUPLICATES, labels), 1);
        return;
    }
    g_snprintf(labels, sizeof labels, "source=\"%.*s\",kind=\"%s\"", NX_FMT(event->origin.source),
               nx_kind_name(event->report.kind));
    nx_counter_add(series(metrics, NX_METRIC_EVENTS, labels), 1);
    if (event->verdict.cause == NX_CAUSE_NONE)
        return;
    g_snprintf(labels, sizeof labels, "class=\"%s\",cause=\"%s\"", nx_class_name(event->verdict.class_),
               nx_cause_name(event->verdict.cause));
    nx_counter_add(series(metrics, NX_METRIC_CAUSES, labels), 1);
    struct nx_str provider = event->verdict.provider.n > 0 ? event->verdict.provider : NX_STR("other");
    g_snprintf(labels, sizeof labels, "provider=\"%.*s\",class=\"%s\"", NX_FMT(provider), nx_class_name(event->verdict.class_));
    nx_counter_add(series(metrics, NX_METRIC_PROVIDERS, labels), 1);
    if (event->trial.tried)
        nx_counter_add(series(metrics, NX_METRIC_TRIAL, event->trial.differs ? "result=\"differs\"" : "result=\"same\""), 1);
    if (event->verdict.cause == NX_CAUSE_UNKNOWN)
        nx_counter_add(series(metrics, NX_METRIC_UNCLASSIFIED, ""), 1);
    if (event->decision.action == NX_ACTION_SUPPRESS || event->decision.action == NX_ACTION_HOLD) {
        bool held = event->decision.action == NX_ACTION_HOLD;
        int n = g_snprintf(labels, sizeof labels, "cause=\"%s\"", nx_cause_name(event->verdict.cause));
        if (held)
            g_snprintf(labels + n, sizeof labels - (gulong)n, ",provider=\"%.*s\"", NX_FMT(provider));
        nx_counter_add(series(metrics, held ? NX_METRIC_HELD : NX_METRIC_SUPPRESSED, labels), 1);
    }
}

static const char *reason_of(const GError *error)
{
    if (g_error_matches(error, NX_ERROR, NX_ERROR_BUSY))
        return "reason=\"busy\"";
    if (g_error_matches(error, NX_ERROR, NX_ERROR_FULL))
        return "reason=\"full\"";
    return "reason=\"other\"";
}

void nx_metrics_outcome(struct nx_metrics *metrics, const struct nx_outcome *outcome)
{
    pthread_mutex_lock(&metrics->lock);
    if (outcome->error != NULL)
        nx_counter_add(series(metrics, NX_METRIC_NOT_KEPT, reason_of(outcome->error)), 1);
    for (size_t i = 0; i < outcome->n; i++)
        count_event(metrics, &outcome->events[i], outcome->duplicates[i]);
    pthread_mutex_unlock(&metrics->lock);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static void write_series(GString *out, const char *name, GHashTable *all)
{
    GList *labels = g_list_sort(g_hash_table_get_keys(all), by_text);
    for (const GList *item = labels; item != NULL; item = item->next) {
        const struct nx_counter *counter = g_hash_table_lookup(all, item->data);
        bool bare = *(const char *)item->data == '\0';
        g_string_append_printf(out, "%s%s%s%s %" G_GINT64_FORMAT "\n", name, bare ? "" : "{", (const char *)item->data,
                               bare ? "" : "}", counter->value);
    }
    g_list_free(labels);
}

static void write_histogram(GString *out, const char *name, const struct histogram *histogram)
{
    uint64_t sum = 0;
    int64_t microseconds = histogram->sum;
    for (size_t i = 0; i < G_N_ELEMENTS(buckets); i++) {
        sum += histogram->counts[i];
        g_string_append_printf(out, "%s_bucket{le=\"%s\"} %" G_GUINT64_FORMAT "\n", name, buckets[i].seconds, sum);
    }
    sum += histogram->counts[G_N_ELEMENTS(buckets)];
    g_string_append_printf(out, "%s_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", name, sum);
    g_string_append_printf(out, "%s_sum %" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "\n", name, microseconds / G_USEC_PER_SEC,
                           microseconds % G_USEC_PER_SEC);
    g_string_append_printf(out, "%s_count %" G_GUINT64_FORMAT "\n", name, sum);
}

void nx_metrics_write(struct nx_metrics *metrics, GString *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&metrics->lock);
    for (int i = 0; i < NX_METRIC_COUNT; i++) {
        g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", table[i].name, table[i].help, table[i].name,
                               types[table[i].type]);
        if (table[i].type == HISTOGRAM)
            write_histogram(out, table[i].name, &metrics->histograms[i]);
        else
            write_series(out, table[i].name, metrics->series[i]);
    }
    pthread_mutex_unlock(&metrics->lock);
}
