/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kxl.h"

G_DEFINE_QUARK(kxl - error - quark, kxl_error)
