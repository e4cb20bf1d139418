/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Stores a value under <folder>/userdata/<key>; NULL removes it. */
gboolean kxl_userdata_write(const char *folder, const char *key, const char *value, GError **error);
