#include "atmorep/atmorep.h"

#include "base/memory.h"

const char *ar_version(void)
{
    return ATMOREP_VERSION;
}

void ar_text_free(char *text)
{
    ar_free(text);
}
