/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xlcfg-table kept|refused: the rows of xl.cfg's option table with that fate, in reStructuredText,
 * for xl.cfg(5). */
#include <stdio.h>
#include <string.h>

#include "xlcfg-options.h"

int main(int argc, char **argv)
{
    XlFate fate;

    if (argc != 2 || (strcmp(argv[1], "kept") != 0 && strcmp(argv[1], "refused") != 0)) {
        fprintf(stderr, "usage: xlcfg-table kept|refused\n");
        return 2;
    }
    fate = strcmp(argv[1], "kept") ? XL_REFUSED : XL_KEPT;
    for (guint i = 0; i < xlcfg_n_options; i++)
        if (xlcfg_options[i].fate == fate ||
            (fate == XL_KEPT && xlcfg_options[i].fate == XL_INERT))
            printf("%s\n    %s\n", xlcfg_options[i].key, xlcfg_options[i].why);
    return 0;
}
