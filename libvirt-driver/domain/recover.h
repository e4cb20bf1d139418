/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kanzend.h"

G_BEGIN_DECLS

/* What a kanzend that was killed has left half done becomes done, or as if it had not begun. Before
 * the first client. */
void recover_domains(const Kanzend *kanzend);

G_END_DECLS
