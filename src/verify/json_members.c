#include "verify/json_members.h"

#include <math.h>

bool ar_json_add_numbers(cJSON *object, const ar_named_number *numbers, size_t count)
{
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        complete &= isfinite(numbers[i].value)
                        ? cJSON_AddNumberToObject(object, numbers[i].name, numbers[i].value) != NULL
                        : cJSON_AddNullToObject(object, numbers[i].name) != NULL;
    }
    return complete;
}

static bool add_values(cJSON *array, const double *values, int64_t count, double scale)
{
    bool complete = array != NULL;
    for (int64_t i = 0; complete && i < count; i++) {
        double value = scale > 0 ? round(values[i] * scale) / scale : values[i];
        complete = cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value)
                                                               : cJSON_CreateNull());
    }
    return complete;
}

bool ar_json_add_array(cJSON *object, const char *name, const double *values, int64_t count)
{
    return add_values(cJSON_AddArrayToObject(object, name), values, count, 0);
}

bool ar_json_add_rounded(cJSON *object, const char *name, const double *values, int64_t count,
                         int decimals)
{
    return add_values(cJSON_AddArrayToObject(object, name), values, count, pow(10, decimals));
}

cJSON *ar_json_object_at(cJSON *parent, const char *key)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(parent, key);
    return found ? found : cJSON_AddObjectToObject(parent, key);
}
