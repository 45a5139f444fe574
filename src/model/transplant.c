#include "model/transplant.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/released_misfits.h"
#include "model/parameter_part.h"
#include "model/transplant_settings.h"

typedef struct {
    const ar_transplant *plan;
    const ar_configuration *model;
    const ar_graph *graph;
    float *parameters;
    ar_transplant_counts *counts;
    ar_misfits *misfits; /* [donor_count] */
    ar_error *err;
} operation;

/* ---- what is allowed ------------------------------------------------------------------------- */

static bool is_listed(const char *const *names, int64_t count, const char *name)
{
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_be_missing(const operation *o, const char *name)
{
    for (int64_t i = 0; i < o->plan->allow_missing_count; i++) {
        if (fnmatch(o->plan->allow_missing[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Where a parameter of the model comes from. */
typedef struct {
    const ar_parameter *parameter;
    int64_t field;                     /* of the model */
    int64_t donor;                     /* index */
    int64_t donor_field;               /* index in the donor's configuration */
    char name[AR_PARAMETER_NAME_SIZE]; /* in the donor; "" where it can have none */
    const ar_parameter_part *part;     /* of the model's name */
} origin;

static void note_missing(operation *o, const origin *from)
{
    const ar_parameter *p = from->parameter;
    char shape[96];
    if (may_be_missing(o, p->name)) {
        o->counts->started++;
        return;
    }
    ar_shape_format(p->rank, (int64_t[2]){p->rank == 1 ? p->columns : p->rows, p->columns}, shape);
    ar_problems_note(&o->misfits[from->donor].missing, "%s %s", p->name, shape);
}

/* The donor's tensor with this name and shape, its values in a new array, the caller's to ar_free;
 * *values is NULL where it does not fit, which is noted. */
static ar_status read_tensor(operation *o, const origin *from, const char *name,
                             const int64_t shape[2], float **values)
{
    ar_safetensors *file = o->plan->donors[from->donor].file;
    const ar_safetensor *tensor = name[0] ? ar_safetensors_find(file, name) : NULL;
    const int rank = from->parameter->rank;
    ar_status status = AR_OK;
    *values = NULL;
    if (!tensor) {
        note_missing(o, from);
        return AR_OK;
    }
    if (tensor->rank != rank || memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        char has[96], wants[96];
        if (may_be_missing(o, from->parameter->name)) {
            o->counts->started++;
            return AR_OK;
        }
        ar_shape_format(tensor->rank, tensor->shape, has);
        ar_shape_format(rank, shape, wants);
        ar_problems_note(&o->misfits[from->donor].shape, "%s is %s, should be %s", name, has,
                         wants);
        return AR_OK;
    }
    AR_TRY(ar_allocate(values, (size_t)tensor->count, sizeof **values, name, o->err));
    AR_TRY(ar_safetensors_read_float(file, tensor, *values, o->err));
cleanup:
    if (status != AR_OK) {
        ar_free(*values);
        *values = NULL;
    }
    return status;
}

static ar_status take_whole(operation *o, const origin *from)
{
    const ar_parameter *p = from->parameter;
    const int64_t shape[2] = {p->rank == 1 ? p->columns : p->rows, p->columns};
    float *values = NULL;
    ar_status status = read_tensor(o, from, from->name, shape, &values);
    if (values) {
        memcpy(o->parameters + p->offset, values, (size_t)(p->rows * p->columns) * sizeof *values);
        o->counts->copied++;
    }
    ar_free(values);
    return status;
}

/* ---- couplings ------------------------------------------------------------------------------- */

/* Place of a coupled field among those that a field is coupled to, −1 if it is none of them. */
static int64_t find_slot(const ar_field_configuration *field, const char *name)
{
    for (int64_t k = 0; k < field->coupled_count; k++) {
        if (strcmp(field->coupled[k], name) == 0) {
            return k;
        }
    }
    return -1;
}

/* Coupling heads before slot `count`. */
static int64_t heads_before(const ar_field_configuration *field, int64_t count)
{
    int64_t heads = 0;
    for (int64_t k = 0; k < count; k++) {
        heads += field->coupled_heads[k];
    }
    return heads;
}

typedef enum { COUPLING_QUERIES, COUPLING_PAIRS, COUPLING_OUT, NO_COUPLING } coupling_role;

/* What a parameter of an encoder has to do with couplings; *slot is that of keys and values. */
static coupling_role find_role(const ar_parameter_part *part, int64_t *slot)
{
    long long layer, number;
    int used = 0;
    if (part->kind != AR_PART_ENCODER) {
        return NO_COUPLING;
    }
    if (sscanf(part->rest, "heads.%6lld.proj_out.weight%n", &layer, &used) == 1 && used > 0) {
        return COUPLING_OUT;
    }
    if (sscanf(part->rest, "heads.%6lld.proj_heads_other.%6lld.weight%n", &layer, &number, &used) ==
            2 &&
        used > 0) {
        *slot = number - 1;
        return number == 0 ? COUPLING_QUERIES : COUPLING_PAIRS;
    }
    return NO_COUPLING;
}

/* Copy a block of rows and columns; strides are the numbers of columns. */
static void copy_block(float *to, int64_t to_columns, const float *from, int64_t from_columns,
                       int64_t rows, int64_t columns)
{
    for (int64_t r = 0; r < rows; r++) {
        memcpy(to + r * to_columns, from + r * from_columns, (size_t)columns * sizeof *to);
    }
}

/* Rows of queries, or columns of proj_out: those of the field's own heads, then the couplings',
 * each in its place in either model. */
static ar_status take_by_slots(operation *o, const origin *from, coupling_role role)
{
    const ar_parameter *p = from->parameter;
    const ar_field_configuration *now = &o->model->fields[from->field];
    const ar_field_configuration *then =
        &o->plan->donors[from->donor].configuration->fields[from->donor_field];
    const int64_t size = now->embedding / o->model->model.encoder_heads;
    const int64_t own = role == COUPLING_OUT ? o->model->model.encoder_heads * size : 0;
    const int64_t donated = own + heads_before(then, then->coupled_count) * size;
    const int64_t shape[2] = {role == COUPLING_OUT ? p->rows : donated,
                              role == COUPLING_OUT ? donated : p->columns};
    float *to = o->parameters + p->offset, *values = NULL;
    if (donated == 0) {
        o->counts->started++; /* all queries are new */
        return AR_OK;
    }
    ar_status status = read_tensor(o, from, from->name, shape, &values);
    if (!values) {
        return status;
    }
    if (role == COUPLING_OUT) {
        memset(to, 0, (size_t)(p->rows * p->columns) * sizeof *to);
        copy_block(to, p->columns, values, donated, p->rows, own);
    }
    bool widened = false;
    for (int64_t k = 0; k < now->coupled_count; k++) {
        const int64_t slot = find_slot(then, now->coupled[k]);
        const int64_t heads = slot < 0 ? 0 : then->coupled_heads[slot];
        const int64_t kept = heads < now->coupled_heads[k] ? heads : now->coupled_heads[k];
        const int64_t at = own + heads_before(now, k) * size;
        const int64_t was = own + (slot < 0 ? 0 : heads_before(then, slot)) * size;
        widened |= kept < now->coupled_heads[k];
        if (role == COUPLING_OUT) {
            copy_block(to + at, p->columns, values + was, donated, p->rows, kept * size);
        } else {
            copy_block(to + at * p->columns, p->columns, values + was * p->columns, p->columns,
                       kept * size, p->columns);
        }
    }
    o->counts->widened += widened;
    o->counts->copied += !widened;
    ar_free(values);
    return AR_OK;
}

/* Keys and values of one coupled field, head by head. */
static ar_status take_pairs(operation *o, const origin *from, int64_t slot)
{
    const ar_parameter *p = from->parameter;
    const ar_field_configuration *now = &o->model->fields[from->field];
    const ar_configuration *donor = o->plan->donors[from->donor].configuration;
    const ar_field_configuration *then = &donor->fields[from->donor_field];
    const int64_t was = find_slot(then, now->coupled[slot]);
    const int64_t size = now->embedding / o->model->model.encoder_heads;
    ar_parameter_part part = *from->part;
    char rest[AR_PARAMETER_NAME_SIZE], name[AR_PARAMETER_NAME_SIZE];
    float *values = NULL;
    if (was < 0) {
        o->counts->started++;
        return AR_OK;
    }
    const int64_t heads = then->coupled_heads[was], wanted = now->coupled_heads[slot];
    const int64_t shape[2] = {2 * (heads < wanted ? heads : wanted) * size, p->columns};
    const size_t stem =
        (size_t)(strstr(part.rest, "proj_heads_other.") - part.rest) + strlen("proj_heads_other.");
    snprintf(rest, sizeof rest, "%.*s%lld.weight", (int)stem, part.rest, (long long)was + 1);
    part.rest = rest;
    ar_parameter_part_name(&part, donor, from->donor_field, name);
    ar_status status = read_tensor(o, from, name, shape, &values);
    if (values) {
        memcpy(o->parameters + p->offset, values, (size_t)(shape[0] * shape[1]) * sizeof *values);
        o->counts->widened += heads < wanted;
        o->counts->copied += heads >= wanted;
    }
    ar_free(values);
    return status;
}

/* ---- from the model to the donors, and back ---------------------------------------------------
 */

static ar_status take_parameter(operation *o, const ar_parameter *parameter)
{
    ar_parameter_part part;
    int64_t slot = 0;
    if (!ar_parameter_part_parse(parameter->name, &part)) {
        return ar_fail(o->err, AR_ERROR_USAGE, "parameter %s belongs to no field", parameter->name);
    }
    origin from = {
        .parameter = parameter, .field = ar_parameter_part_field(o->model, &part), .part = &part};
    from.donor = o->plan->donor_of_field[from.field];
    if (from.donor < 0) {
        o->counts->started++;
        return AR_OK;
    }
    const ar_configuration *donor = o->plan->donors[from.donor].configuration;
    from.donor_field = ar_configuration_find_field(donor, o->model->fields[from.field].name);
    if (!ar_parameter_part_name(&part, donor, from.donor_field, from.name)) {
        from.name[0] = '\0';
    }
    const coupling_role role = find_role(&part, &slot);
    switch (role) {
    case COUPLING_QUERIES:
    case COUPLING_OUT:
        return take_by_slots(o, &from, role);
    case COUPLING_PAIRS:
        return take_pairs(o, &from, slot);
    default:
        return take_whole(o, &from);
    }
}

/* Has this tensor of a coupling its place in the model, or may it be left out? */
static bool coupling_is_placed(const operation *o, const ar_field_configuration *then,
                               const ar_field_configuration *now, coupling_role role, int64_t slot)
{
    if (role != COUPLING_PAIRS) {
        return true; /* what becomes of each coupling shows at its keys and values */
    }
    return slot < then->coupled_count &&
           (find_slot(now, then->coupled[slot]) >= 0 ||
            is_listed(o->plan->dropped, o->plan->dropped_count, then->coupled[slot]));
}

/* Note the tensors of a donor's fields that the model has no place for. */
static void note_unknown(operation *o, int64_t donor)
{
    const ar_configuration *configuration = o->plan->donors[donor].configuration;
    const ar_safetensors *file = o->plan->donors[donor].file;
    for (int64_t i = 0; i < ar_safetensors_count(file); i++) {
        const char *name = ar_safetensors_get(file, i)->name;
        char own[AR_PARAMETER_NAME_SIZE];
        ar_parameter_part part;
        int64_t slot = 0, was, field;
        if (!ar_parameter_part_parse(name, &part) ||
            (was = ar_parameter_part_field(configuration, &part)) < 0) {
            continue;
        }
        field = ar_configuration_find_field(o->model, configuration->fields[was].name);
        if (field < 0 || o->plan->donor_of_field[field] != donor) {
            continue;
        }
        const coupling_role role = find_role(&part, &slot);
        const bool placed = role == NO_COUPLING || role == COUPLING_OUT
                                ? ar_parameter_part_name(&part, o->model, field, own) &&
                                      ar_graph_find_parameter(o->graph, own)
                                : coupling_is_placed(o, &configuration->fields[was],
                                                     &o->model->fields[field], role, slot);
        if (!placed && !may_be_missing(o, name)) {
            ar_problems_note(&o->misfits[donor].unknown, "%s", name);
        }
    }
}

ar_status ar_transplant_parameters(const ar_transplant *transplant, const ar_model *model,
                                   float *parameters, ar_transplant_counts *counts, ar_error *err)
{
    ar_status status = AR_OK;
    operation o = {.plan = transplant,
                   .model = model->configuration,
                   .graph = model->graph,
                   .parameters = parameters,
                   .counts = counts,
                   .err = err};
    *counts = (ar_transplant_counts){0};
    AR_TRY(ar_allocate(&o.misfits, (size_t)transplant->donor_count, sizeof *o.misfits, "misfits",
                       err));
    for (int64_t d = 0; d < transplant->donor_count; d++) {
        AR_TRY(ar_transplant_check_settings(transplant, d, o.model, err));
    }
    for (size_t p = 0; p < o.graph->parameter_count; p++) {
        AR_TRY(take_parameter(&o, &o.graph->parameters[p]));
    }
    for (int64_t d = 0; d < transplant->donor_count; d++) {
        const char *path = ar_safetensors_path(transplant->donors[d].file);
        note_unknown(&o, d);
        AR_TRY(ar_misfits_status(&o.misfits[d], &path, 1, o.model->file, err));
    }
cleanup:
    ar_free(o.misfits);
    return status;
}
