/* The whole way through the library, with its public headers alone:
 *     library CONFIG.yaml RUN FORECAST.nc START END DATA…
 * trains, forecasts the valid times START to END 6 hours ahead, verifies against the same data, and
 * prints the table of scores. */
#include <stdio.h>

#include "atmorep/atmorep.h"

static void print_line(void *context, ar_log_level level, const char *line)
{
    (void)context;
    if (level != AR_LOG_DETAIL) {
        fprintf(stderr, "%s\n", line);
    }
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: library CONFIG.yaml RUN FORECAST.nc START END DATA...\n");
        return 2;
    }
    const char *const *data = (const char *const *)argv + 6;
    const ar_train_options train = {.run = argv[2], .resume = true};
    const ar_forecast_options forecast = {.model = argv[2],
                                          .data_paths = data,
                                          .data_path_count = argc - 6,
                                          .start = argv[4],
                                          .end = argv[5],
                                          .every_hours = 6,
                                          .lead_hours = 6,
                                          .overlap = 0.5,
                                          .out = argv[3]};
    const ar_verify_options verify = {
        .forecast = argv[3], .truth_paths = data, .truth_count = argc - 6, .out = argv[2]};
    ar_error err;
    char *table = NULL;
    ar_log_set_sink(print_line, NULL);
    ar_status status = ar_train_file(argv[1], NULL, 0, &train, &err);
    if (status == AR_OK) {
        status = ar_forecast(&forecast, &err);
    }
    if (status == AR_OK) {
        status = ar_verify(&verify, &table, &err);
    }
    if (status == AR_OK) {
        printf("%s", table);
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    ar_text_free(table);
    return status == AR_OK ? 0 : 1;
}
