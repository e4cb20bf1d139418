/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a disk image says about other files that are needed to read it. Somebody else may have
 * written it: nothing is followed that could not have been meant. */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

typedef struct {
    char *backing;             /* as written in the image; NULL: none */
    char *backing_format;      /* QEMU's driver name; NULL: not said */
    gboolean malformed;        /* there is one, by a name that no file of ours has */
    gboolean has_foreign_data; /* the guest's data, or some of them, are in another file */
} KxlImageLinks;
/* driver: QEMU's name of the image's format. FALSE: fd cannot be read. Of a format without links,
 * or a header cut short: none. */
gboolean kxl_image_links(int fd, const char *driver, KxlImageLinks *ret_links);
void kxl_image_links_clear(KxlImageLinks *links);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlImageLinks, kxl_image_links_clear)

typedef enum {
    KXL_CHAIN_START, /* for a machine: a last image of no stated format is taken for what it looks
                        like; what QEMU reaches by a URI is left to it */
    KXL_CHAIN_STRICT /* to be read on the host: files of stated formats only */
} KxlChainRule;
/* Goes down from an image. KXL_ERROR_STATE: a loop, a chain without end, a format that is not
 * stated; KXL_ERROR_UNSUPPORTED: a format or data file that is not followed; KXL_ERROR_NOT_FOUND,
 * KXL_ERROR_PERMISSION: of the file that is named. */
gboolean kxl_image_check_chain(const char *path, const char *driver, KxlChainRule rule,
                               GError **error);

G_END_DECLS
