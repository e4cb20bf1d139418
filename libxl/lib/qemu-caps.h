/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an emulator program has: asked once of each program (told apart by path, size and time), on
 * a machine without anything, and remembered in the run directory.
 */
#pragma once

#include "host.h"

typedef struct KxlQemuCaps KxlQemuCaps;

/* NULL: the program cannot be asked. */
KxlQemuCaps *kxl_qemu_caps_get(const KxlHost *host, const char *qemu, GError **error);
/* From the answers to what kxl_qemu_caps_get() asks, one a line. NULL: they are not all there. */
KxlQemuCaps *kxl_qemu_caps_parse(const char *answers);
void kxl_qemu_caps_free(KxlQemuCaps *caps); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlQemuCaps, kxl_qemu_caps_free)

/* A type that -device or -object takes: "usb-redir", "throttle-group". */
gboolean kxl_qemu_caps_has_type(const KxlQemuCaps *caps, const char *type);
/* A block driver; of those that may be missing (protocols that Debian has in modules). */
gboolean kxl_qemu_caps_has_block(const KxlQemuCaps *caps, const char *driver);
/* Everything a command line asks for is there. Otherwise KXL_ERROR_UNSUPPORTED names it. */
gboolean kxl_qemu_caps_allow(const KxlQemuCaps *caps, char *const *argv, GError **error);

/* The same for the program argv[0]. What a remembered answer lacks is asked for again: a module may
 * have been installed since. A program that cannot be asked is for its start to complain of. */
gboolean kxl_qemu_caps_check(const KxlHost *host, char *const *argv, GError **error);
