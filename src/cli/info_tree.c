#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/info.h"

static void print_scalar(const cJSON *item)
{
    if (cJSON_IsString(item)) {
        printf("%s", item->valuestring);
    } else if (cJSON_IsBool(item)) {
        printf("%s", cJSON_IsTrue(item) ? "yes" : "no");
    } else if (cJSON_IsNumber(item) && item->valuedouble == floor(item->valuedouble) &&
               fabs(item->valuedouble) < 1e15) {
        printf("%.0f", item->valuedouble);
    } else {
        printf("%.4g", item->valuedouble);
    }
}

/* A text of several lines stands indented below its name. */
static void print_lines(const char *text, int depth)
{
    for (const char *line = text; *line; line += *line == '\n') {
        int length = (int)strcspn(line, "\n");
        printf("\n%*s%.*s", 2 * depth, "", length, line);
        line += length;
    }
    printf("\n");
}

static void print_tree(const cJSON *tree, int depth)
{
    for (const cJSON *item = tree->child; item; item = item->next) {
        printf("%*s%s:", 2 * depth, "", item->string);
        if (cJSON_IsObject(item)) {
            printf("\n");
            print_tree(item, depth + 1);
            continue;
        }
        if (cJSON_IsArray(item)) {
            for (const cJSON *element = item->child; element; element = element->next) {
                printf(element == item->child ? " " : ", ");
                print_scalar(element);
            }
            printf(item->child ? "\n" : " none\n");
            continue;
        }
        if (cJSON_IsString(item) && strchr(item->valuestring, '\n')) {
            print_lines(item->valuestring, depth + 1);
            continue;
        }
        printf(" ");
        print_scalar(item);
        printf("\n");
    }
}

void ar_info_print(const cJSON *tree)
{
    print_tree(tree, 0);
}
