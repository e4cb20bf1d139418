/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu-ask.h"

#include <errno.h>

#include "command.h"
#include "file.h"

#define PROBE_TIMEOUT_MS 30000

char *kxl_qemu_ask(const KxlHost *host, const char *qemu, const char *accel, const char *questions,
                   GError **error)
{
    g_autofree char *dir = g_build_filename(kxl_host_run_dir(host), "probe-XXXXXX", NULL);
    g_autofree char *in = NULL, *out = NULL, *chardev = NULL;
    char *answers = NULL;

    if (!g_mkdtemp(dir)) {
        kxl_error_set_errno(error, errno, "cannot make '%s'", dir);
        return NULL;
    }
    /* A "pipe" of two files: it reads the one and writes the other. */
    in = g_build_filename(dir, "qmp.in", NULL);
    out = g_build_filename(dir, "qmp.out", NULL);
    chardev = g_strdup_printf("pipe,id=qmp,path=%s/qmp", dir);
    {
        const char *argv[] = { qemu,
                               "-machine",
                               "none",
                               "-nodefaults",
                               "-no-user-config",
                               "-display",
                               "none",
                               "-S",
                               "-chardev",
                               chardev,
                               "-mon",
                               "chardev=qmp,mode=control",
                               accel ? "-accel" : NULL,
                               accel,
                               NULL };

        if (kxl_file_write(in, questions, error) && kxl_file_write(out, "", error) &&
            kxl_command_run(argv, NULL, PROBE_TIMEOUT_MS, NULL, error))
            answers = kxl_file_read(out, error);
    }
    kxl_remove_tree(dir);
    return answers;
}
