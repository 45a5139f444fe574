#include "nature/run_configuration.h"

#include <stddef.h>

#include "base/memory.h"
#include "io/yaml_text.h"

static void add_output(ar_yaml_text *out, const ar_nature_output_options *output)
{
    bool pressure = output->level_kind == AR_NATURE_PRESSURE_LEVELS;
    ar_yaml_add_integer(out, "output:\n  every_hours", output->every_hours);
    ar_yaml_add(out, "\n  grid: %s\n",
                output->grid == AR_NATURE_GRID_GAUSSIAN ? "gaussian" : "regular");
    if (output->longitudes != 0) {
        ar_yaml_add_integer(out, "  longitudes", output->longitudes);
        ar_yaml_add(out, "\n");
    }
    if (output->level_kind == AR_NATURE_MODEL_LEVELS) {
        ar_yaml_add(out, "  sigma_levels: model\n");
    } else {
        ar_yaml_add_values(out, pressure ? "  pressure_levels" : "  sigma_levels", output->levels,
                           output->level_count);
    }
    if (output->variable_count > 0) {
        ar_yaml_add_texts(out, "  variables", output->variables, output->variable_count);
    }
}

ar_status ar_nature_run_describe(const ar_nature_run_options *o, char **text, ar_error *err)
{
    ar_yaml_text out = {.err = err};
    ar_yaml_add(&out, "start: ");
    ar_yaml_add_quoted(&out, o->start);
    ar_yaml_add_integer(&out, "\ndays", o->days);
    ar_yaml_add_integer(&out, "\nspin_up_days", o->spin_up_days);
    ar_yaml_add_integer(&out, "\nseed", (int64_t)o->seed);
    ar_yaml_add(&out, "\n");
    if (o->from) {
        ar_yaml_add(&out, "from: ");
        ar_yaml_add_quoted(&out, o->from);
        ar_yaml_add_number(&out, "\nperturb", o->perturb);
        ar_yaml_add_integer(&out, "\nensemble", o->ensemble);
        ar_yaml_add_integer(&out, "\nmember", o->member);
        ar_yaml_add(&out, "\n");
    }
    ar_yaml_add_integer(&out, "model:\n  truncation", o->truncation);
    ar_yaml_add_integer(&out, "\n  levels", o->nlev);
    ar_yaml_add(&out, "\n");
    add_output(&out, &o->output);
    if (out.status != AR_OK) {
        ar_free(out.text);
        out.text = NULL;
    }
    *text = out.text;
    return out.status;
}
