/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kxl-config.h"

/* What a domain may be called. */
gboolean kxl_domain_name_check(const char *name, GError **error);
