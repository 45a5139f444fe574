/* The 26 levels that most published runs of Jablonowski & Williamson's (2006) cases have, those of
 * NCAR's CAM 3: its hybrid interfaces A + B as σ, except for the top of 2.19 hPa, which is 0 here.
 */
#ifndef AR_TESTS_NATURE_CAM_LEVELS_H
#define AR_TESTS_NATURE_CAM_LEVELS_H

enum { CAM_LEVELS = 26 };
static const double cam_interfaces[CAM_LEVELS + 1] = {
    0,          0.004895209, 0.009882418, 0.01805201, 0.02983724, 0.04462334, 0.06160587,
    0.07851243, 0.0923658,   0.1086636,   0.1278371,  0.1503937,  0.1769304,  0.2081494,
    0.2448771,  0.2880852,   0.3389173,   0.3987187,  0.4690718,  0.5518387,  0.6492097,
    0.7443829,  0.8310212,   0.9033003,   0.9559975,  0.9851122,  1};

#endif
