/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random bytes for the UUIDs and MACs of definitions. */
#pragma once

#include <glib.h>

void random_fill(guint8 *buf, gsize len);
