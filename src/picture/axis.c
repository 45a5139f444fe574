#include "picture/axis.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

double ar_axis_round_step(double raw)
{
    const double power = pow(10, floor(log10(raw))), mantissa = raw / power;
    /* A step that is round up to rounding errors stays as it is. */
    return power * (mantissa <= 1 + 1e-9 ? 1 : mantissa <= 2 + 1e-9 ? 2 : mantissa <= 5 ? 5 : 10);
}

/* The same, or the next number of hours that people count in. */
static double choose_step(ar_axis_kind kind, double raw)
{
    static const double hours[] = {1, 2, 3, 6, 12, 24, 48, 72, 120, 240};
    for (size_t i = 0; kind == AR_AXIS_HOURS && i < sizeof hours / sizeof hours[0]; i++) {
        if (raw > 0.5 && raw <= hours[i] * (1 + 1e-9)) {
            return hours[i];
        }
    }
    return ar_axis_round_step(raw);
}

static void choose_linear(ar_axis *axis, double low, double high, bool exact, int wanted)
{
    if (!isfinite(low) || !isfinite(high)) {
        low = 0;
        high = 1;
    }
    if (!(high > low) || high - low < 1e-12 * fmax(fabs(low), fabs(high))) {
        const double margin = fmax(fabs(low) * 0.05, low == 0 ? 1 : 0);
        high = low + margin;
        low -= margin;
    }
    const double step = choose_step(axis->kind, (high - low) / wanted);
    const double first = exact ? ceil(low / step - 1e-9) : floor(low / step + 1e-9);
    const double last = exact ? floor(high / step + 1e-9) : ceil(high / step - 1e-9);
    axis->low = exact ? low : first * step;
    axis->high = exact ? high : last * step;
    for (double tick = first; tick <= last && axis->tick_count < AR_AXIS_TICKS_MOST; tick++) {
        axis->ticks[axis->tick_count++] = tick * step + 0.0; /* no negative zero */
    }
    axis->decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
}

static void choose_logarithmic(ar_axis *axis, double low, double high, int wanted)
{
    if (!isfinite(low) || !isfinite(high) || !(low > 0) || !(high > 0)) {
        low = isfinite(high) && high > 0 ? high / 10 : 1;
        high = isfinite(high) && high > 0 ? high : 10;
    }
    if (high < low * 1.0001) {
        high = low * 2;
        low /= 2;
    }
    axis->low = low;
    axis->high = high;
    const int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    const double powers = floor(log10(high) + 1e-9) - ceil(log10(low) - 1e-9) + 1;
    static const double mantissas[] = {1, 2, 5};
    const int count = powers < 3 ? 3 : 1;
    const int stride = (int)fmax(1, ceil(powers / (wanted + 1)));
    for (int power = first; power <= last; power++) {
        for (int i = 0; i < count && axis->tick_count < AR_AXIS_TICKS_MOST; i++) {
            const double tick = mantissas[i] * pow(10, power);
            if (power % stride == 0 && tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
                axis->ticks[axis->tick_count++] = tick;
            }
        }
    }
}

void ar_axis_choose(ar_axis *axis, ar_axis_kind kind, double low, double high, bool exact,
                    int wanted)
{
    *axis = (ar_axis){.kind = kind};
    if (kind == AR_AXIS_LOGARITHMIC) {
        choose_logarithmic(axis, low, high, wanted);
    } else {
        choose_linear(axis, low, high, exact, wanted);
    }
}

double ar_axis_place(const ar_axis *axis, double value)
{
    if (axis->kind == AR_AXIS_LOGARITHMIC) {
        const double low = log(axis->low);
        return value > 0 ? (log(value) - low) / (log(axis->high) - low) : NAN;
    }
    return (value - axis->low) / (axis->high - axis->low);
}

void ar_axis_superscript(char *text, size_t size, char letter)
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const size_t used = strlen(text);
    const bool digit = letter >= '0' && letter <= '9';
    snprintf(text + used, size - used, "%s", digit ? digits[letter - '0'] : "⁻");
}

void ar_axis_label(const ar_axis *axis, double tick, char text[48])
{
    const double size = fabs(tick);
    const bool powers = axis->kind == AR_AXIS_LOGARITHMIC &&
                        (axis->high > 1e3 * axis->low || axis->low < 1e-3 || axis->high >= 1e6);
    const bool long_digits = size >= 1e6 || axis->decimals > 4 || (size < 1e-3 && size > 0);
    if (tick == 0 || !(powers || long_digits)) {
        if (axis->kind == AR_AXIS_LOGARITHMIC) {
            snprintf(text, 48, "%g", tick);
        } else {
            snprintf(text, 48, "%.*f", axis->decimals > 4 ? 0 : axis->decimals, tick);
        }
        return;
    }
    const int power = (int)floor(log10(size) + 1e-9);
    const double mantissa = tick / pow(10, power);
    if (fabs(mantissa - 1) < 1e-9) {
        snprintf(text, 48, "10");
    } else {
        snprintf(text, 48, "%.3g·10", mantissa);
    }
    char digits[16];
    snprintf(digits, sizeof digits, "%d", power);
    for (const char *at = digits; *at; at++) {
        ar_axis_superscript(text, 48, *at);
    }
}
