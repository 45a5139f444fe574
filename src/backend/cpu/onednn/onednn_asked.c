#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/onednn/onednn_product.h"
#include "base/log.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool asked;

static void read_environment(void)
{
    const char *word = getenv("ATMOREP_PRODUCTS");
    if (!word || strcmp(word, "own") == 0) {
        return;
    }
    if (strcmp(word, "onednn") != 0) {
        ar_log(AR_LOG_WARNING, "ATMOREP_PRODUCTS=%s: should be own or onednn; own is used", word);
        return;
    }
#ifdef ATMOREP_ONEDNN
    asked = true;
#else
    ar_log(AR_LOG_WARNING, "ATMOREP_PRODUCTS=onednn: this program was built without oneDNN "
                           "(cmake -DATMOREP_ONEDNN=ON); own is used");
#endif
}

bool onednn_is_asked_for(void)
{
    pthread_once(&once, read_environment);
    return asked;
}
