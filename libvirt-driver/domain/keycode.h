/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kxl-guest.h>

G_BEGIN_DECLS

gboolean keycode_set_is_known(guint set); /* a virKeycodeSet */
/* Linux's input code of a key in that set, -1: there is none. */
int keycode_to_linux(guint set, guint code);

G_END_DECLS
