/* SPDX-License-Identifier: Apache-2.0 */
/* serve/metrics.h - counters for Prometheus (text exposition format 0.0.4); the table is metrics.def.
 *
 * A series is a metric and its labels, written as they stand in the output: `source="pipe",kind="failed"`, or "" for none. Label
 * values come from fixed sets or from settings, never from mail. Any thread. */
#pragma once
#include "ingest/intake.h"

struct nx_metrics;
struct nx_counter; /* a series, to be counted without looking for it */

enum nx_metric {
#define NX_METRIC(id, name, type, help) NX_METRIC_##id,
#include "serve/metrics.def"
#undef NX_METRIC
    NX_METRIC_COUNT
};

struct nx_metrics *nx_metrics_new(void);
void nx_metrics_free(struct nx_metrics *metrics);
void nx_metrics_count(struct nx_metrics *metrics, enum nx_metric metric, const char *labels, uint64_t n);
/* A series, made when it is not there; lives as long as the metrics. */
struct nx_counter *nx_metrics_counter(struct nx_metrics *metrics, enum nx_metric metric, const char *labels);
void nx_counter_add(struct nx_counter *counter, uint64_t n);
void nx_metrics_set(struct nx_metrics *metrics, enum nx_metric metric, const char *labels, int64_t value);
/* A histogram's observation, microseconds. */
void nx_metrics_observe(struct nx_metrics *metrics, enum nx_metric metric, gint64 microseconds);
/* What became of the events of a job. */
void nx_metrics_outcome(struct nx_metrics *metrics, const struct nx_outcome *outcome);
/* All of them; gauges are those that were set last. */
void nx_metrics_write(struct nx_metrics *metrics, GString *out);
