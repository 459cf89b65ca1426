/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a run from the sums of a plan: one wording for inspect and bench. */
#include "figures.h"

#include <stdio.h>

double figures_ms_low(const zurt_plan_totals *t)
{
    return (double)t->low_ns * 1e-6;
}

double figures_ms_high(const zurt_plan_totals *t)
{
    return (double)t->high_ns * 1e-6;
}

double figures_pl_ms(const zurt_plan_totals *t)
{
    return t->clock_khz ? (double)t->cycles / (double)t->clock_khz : 0.0;
}

double figures_fps(double ms, size_t batch)
{
    return ms > 0.0 ? 1000.0 * (double)batch / ms : 0.0;
}

double figures_pl_time_share(const zurt_plan_totals *t)
{
    return t->high_ns ? (double)t->pl_ns / (double)t->high_ns : 0.0;
}

double figures_utilisation(const zurt_plan_totals *t)
{
    double peak = (double)t->cycles * (double)t->macs_per_cycle;
    return peak > 0.0 ? (double)t->pl_macs / peak : 0.0;
}

/* Three digits are more than a model of this kind knows. */
static void put_number(char *out, size_t size, double value)
{
    int decimals = value >= 100.0 ? 0 : value >= 10.0 ? 1 : value >= 1.0 ? 2 : 3;
    snprintf(out, size, "%.*f", decimals, value);
}

void figures_range(const zurt_plan_totals *t, size_t batch, char *out)
{
    char ms[2][16], fps[2][16];
    put_number(ms[0], sizeof(ms[0]), figures_ms_low(t));
    put_number(ms[1], sizeof(ms[1]), figures_ms_high(t));
    put_number(fps[0], sizeof(fps[0]), figures_fps(figures_ms_high(t), batch));
    put_number(fps[1], sizeof(fps[1]), figures_fps(figures_ms_low(t), batch));
    snprintf(out, FIGURES_BYTES, "%s to %s ms, %s to %s fps", ms[0], ms[1], fps[0], fps[1]);
}

void figures_launches(const zurt_plan_totals *t, char *out)
{
    double low = (double)t->launch_low_ns * 1e-3, high = (double)t->launch_high_ns * 1e-3;
    snprintf(out, FIGURES_BYTES, "%.2f to %.2f ms: %.0f to %.0f us each", low * 1e-3, high * 1e-3,
             low / t->launches, high / t->launches);
}

void figures_json(json_writer *j, const zurt_plan_totals *t, size_t batch)
{
    double low = figures_ms_low(t), high = figures_ms_high(t), pl = figures_pl_ms(t);
    json_uint(j, "cycles", t->cycles);
    json_double(j, "ms", high);
    json_double(j, "fps", figures_fps(high, batch));
    json_double(j, "ms_low", low);
    json_double(j, "ms_high", high);
    json_double(j, "fps_low", figures_fps(high, batch));
    json_double(j, "fps_high", figures_fps(low, batch));
    json_double(j, "pl_ms", pl);
    json_double(j, "pl_fps", figures_fps(pl, batch));
    json_uint(j, "launches", t->launches);
    json_double(j, "launch_ms_min", (double)t->launch_low_ns * 1e-6);
    json_double(j, "launch_ms_max", (double)t->launch_high_ns * 1e-6);
    json_double(j, "cpu_ms", (double)t->cpu_ns * 1e-6);
    json_double(j, "convert_ms", (double)t->convert_ns * 1e-6);
    json_double(j, "pl_time_share", figures_pl_time_share(t));
    json_uint(j, "clock_khz", t->clock_khz);
}
