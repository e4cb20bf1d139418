/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the log only boot and console_io need; everyone else uses printk.h. */
#pragma once

#include "types.h"

/* name is one of "error", "warning", "info", "debug". false: it is none. */
bool log_set_level(const char *name, size_t len);

/* Raw bytes into the log. */
void log_write(const char *text, size_t len);
