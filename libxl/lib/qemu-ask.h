/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking an emulator program about itself, on a machine without anything. */
#pragma once

#include "host.h"

/* The answers to QMP commands, one a line, the last of which must be "quit". accel: "tcg", "kvm";
 * NULL: the program's choice. NULL with error: the program cannot be asked. */
char *kxl_qemu_ask(const KxlHost *host, const char *qemu, const char *accel, const char *questions,
                   GError **error);
