/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as one JSON object. */
#include "inspect.h"

static void json_dims(json_writer *j, const char *key, const int32_t *dims, int32_t n)
{
    json_array(j, key);
    for (int32_t d = 0; d < n; d++)
        json_int(j, NULL, dims[d]);
    json_close(j);
}

static void json_node(json_writer *j, const zurt_plan_node *n)
{
    json_object(j, NULL);
    json_string(j, "name", n->name);
    json_string(j, "op", n->op);
    json_string(j, "device", n->device);
    json_string(j, "type", zurt_dtype_name(n->dtype));
    json_string(j, "reason", n->reason);
    json_string(j, "remedy", n->remedy);
    json_dims(j, "shape", n->out_dims, n->out_rank);
    if (n->kernel[0]) {
        json_dims(j, "kernel", n->kernel, 2);
        json_dims(j, "stride", n->stride, 2);
    }
    json_uint(j, "macs", n->macs);
    json_uint(j, "cycles", n->cycles);
    json_uint(j, "cpu_ns", n->cpu_ns);
    json_uint(j, "ddr_bytes", n->ddr_bytes);
    json_uint(j, "segment", n->segment);
    json_close(j);
}

static void json_tensors(json_writer *j, const char *key, const zurt_tensor_info *infos, size_t n)
{
    json_array(j, key);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_string(j, "name", infos[i].name);
        json_dims(j, "shape", infos[i].dims, infos[i].rank);
        json_close(j);
    }
    json_close(j);
}

static void json_totals(json_writer *j, const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    json_object(j, "totals");
    figures_json(j, t, v->batch);
    json_uint(j, "ddr_bytes", t->ddr_bytes);
    json_double(j, "utilisation", figures_utilisation(t));
    json_uint(j, "macs", t->macs);
    json_uint(j, "pl_macs", t->pl_macs);
    json_uint(j, "batch", v->batch);
    json_uint(j, "segments", t->segments);
    json_uint(j, "cpu_nodes", t->cpu_nodes);
    json_uint(j, "boundary_bytes", t->boundary_bytes);
    json_close(j);
}

void inspect_json(const inspection *v)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "model", v->model);
    json_string(&j, "board", v->board);
    json_tensors(&j, "inputs", v->inputs, v->n_inputs);
    json_tensors(&j, "outputs", v->outputs, v->n_outputs);
    json_array(&j, "nodes");
    zurt_plan_node n;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++)
        json_node(&j, &n);
    json_close(&j);
    json_totals(&j, v);
    json_bool(&j, "modelled", true);
    json_bool(&j, "assumed_scales", v->totals.assumed_scales);
    json_end(&j);
}
