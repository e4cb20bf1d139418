/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* save, restore */
#include <kxl-save.h>

#include "commands.h"

/* What kanzend keeps with a domain goes along, so that it knows the restored one again. */
#define USERDATA_KEY "libvirt-xml"

int cmd_save(Xl *xl, const XlArgs *args)
{
    g_autofree char *path = g_canonicalize_filename(args->args[1], NULL);
    g_autoptr(GError) error = NULL;
    KxlSaveFlags flags = xl_opt_given(args, "p")   ? KXL_SAVE_KEEP_PAUSED
                         : xl_opt_given(args, "c") ? KXL_SAVE_KEEP
                                                   : KXL_SAVE_NONE;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    return kxl_domain_save(xl->host, domid, path, flags, USERDATA_KEY, NULL, NULL, NULL, NULL,
                           &error)
               ? XL_OK
               : xl_fail(xl, error);
}

int cmd_restore(Xl *xl, const XlArgs *args)
{
    KxlHost *host = xl_host(xl);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlSaveImage) image = host ? kxl_save_image_load(args->args[0], &error) : NULL;
    KxlCreateFlags flags = xl_opt_given(args, "p") ? KXL_CREATE_PAUSED : KXL_CREATE_NONE;

    if (!host)
        return XL_FAILED;
    if (!image || kxl_domain_restore(host, args->args[0], image, flags, &error) < 0)
        return xl_fail(xl, error);
    return XL_OK;
}
