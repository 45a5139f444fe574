#include "verify/student_t.h"

#include <math.h>
#include <stdbool.h>

double ar_student_t_within(double t, int64_t freedom)
{
    double angle = atan(t / sqrt((double)freedom)), cosine = cos(angle);
    bool odd = freedom % 2 == 1;
    double term = odd ? cosine : 1, sum = freedom > 1 ? term : 0;
    for (int64_t k = odd ? 3 : 2; k < freedom; k += 2) {
        term *= cosine * cosine * (double)(k - 1) / (double)k;
        sum += term;
    }
    return odd ? 2 / M_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
}

double ar_student_t_quantile(double probability, int64_t freedom)
{
    double low = 0, high = 1;
    while (ar_student_t_within(high, freedom) < probability) {
        low = high;
        high *= 2;
    }
    /* Halves of what is between two doubles, until there is nothing. */
    for (double middle = (low + high) / 2; middle > low && middle < high;
         middle = (low + high) / 2) {
        if (ar_student_t_within(middle, freedom) < probability) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}
