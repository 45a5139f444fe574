/* The model's calls with a failure that ends the test with the call's own message. Include after
 * cmocka.h. */
#ifndef AR_TESTS_NATURE_CHECKED_H
#define AR_TESTS_NATURE_CHECKED_H

#include <string.h>

#include "nature/nature.h"

static inline void check(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static inline ar_nature *make(ar_nature_settings settings)
{
    ar_nature *nature = NULL;
    ar_error err = {""};
    check(ar_nature_create(&nature, &settings, &err), &err);
    return nature;
}

static inline void set(ar_nature *nature, const ar_nature_fields *fields)
{
    ar_error err = {""};
    check(ar_nature_set_fields(nature, fields, &err), &err);
}

static inline void get(const ar_nature *nature, ar_nature_fields *fields)
{
    ar_error err = {""};
    check(ar_nature_get_fields(nature, fields, &err), &err);
}

static inline void advance(ar_nature *nature, int64_t hours)
{
    ar_error err = {""};
    check(ar_nature_advance(nature, hours, &err), &err);
}

static inline double mean_pressure(ar_nature *nature)
{
    double pressure = 0;
    ar_error err = {""};
    check(ar_nature_mean_pressure(nature, &pressure, &err), &err);
    return pressure;
}

static inline double mean_energy(ar_nature *nature)
{
    double energy = 0;
    ar_error err = {""};
    check(ar_nature_mean_energy(nature, &energy, &err), &err);
    return energy;
}

/* 0: the model runs; 77, with a line: this build has no transforms; 1, with a line: it fails. */
static inline int try_model(void)
{
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(5, 2);
    ar_error err = {""};
    ar_status status = ar_nature_create(&nature, &settings, &err);
    ar_nature_destroy(&nature);
    if (status == AR_OK) {
        return 0;
    }
    bool absent = strstr(err.message, "-DATMOREP_SPECTRAL=ON") != NULL;
    print_message("%s%s\n", absent ? "skipped: " : "", err.message);
    return absent ? 77 : 1;
}

#endif
