/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KVM or TCG. A /dev/kvm that opens is not enough (some are emulators that die on the first odd
 * instruction), so a helper program tries it; its answer holds until the next boot of the host.
 */
#include <string.h>

#include "command.h"
#include "file.h"
#include "host.h"

/* The probe limits itself to less; this is for a KVM that hangs in the kernel. */
#define PROBE_TIMEOUT_MS 2000

/* "BOOT-ID kvm" or "BOOT-ID tcg REASON". */
static char *cached_answer(const char *path, const char *boot_id)
{
    g_autofree char *text = kxl_file_read(path, NULL);

    if (!text || !g_str_has_prefix(text, boot_id))
        return NULL;
    return g_strdup(g_strstrip(text + strlen(boot_id)));
}

static char *ask_probe(const KxlHost *host)
{
    const char *argv[] = { kxl_host_probe_path(host), NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;

    if (!kxl_command_run(argv, NULL, PROBE_TIMEOUT_MS, &output, &error))
        return g_strdup_printf("tcg %s", error->message);
    return g_steal_pointer(&output);
}

static char *answer(const KxlHost *host)
{
    g_autofree char *path = g_build_filename(kxl_host_run_dir(host), "accel", NULL);
    g_autofree char *boot_id = kxl_file_read("/proc/sys/kernel/random/boot_id", NULL);
    g_autofree char *text = NULL, *line = NULL;

    if (kxl_host_forced_accel(host))
        return g_strdup_printf("%s by KANZEN_ACCEL", kxl_host_forced_accel(host));
    g_strchomp(boot_id ? boot_id : (boot_id = g_strdup("-")));
    text = cached_answer(path, boot_id);
    if (text)
        return g_steal_pointer(&text);
    text = ask_probe(host);
    line = g_strdup_printf("%s %s\n", boot_id, text);
    kxl_file_write(path, line, NULL); /* only a cache */
    return g_steal_pointer(&text);
}

KxlAccel kxl_host_accel(KxlHost *host, char **ret_reason)
{
    g_autofree char *text = answer(host);
    gboolean kvm = g_str_has_prefix(text, "kvm");

    if (ret_reason)
        *ret_reason = kvm ? NULL : g_strstrip(g_strdup(strchr(text, ' ') ? strchr(text, ' ') : ""));
    return kvm ? KXL_ACCEL_KVM : KXL_ACCEL_TCG;
}
