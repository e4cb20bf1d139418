/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Xen version whose ABI hv has. */
#pragma once

#define HV_XEN_MAJOR 4
#define HV_XEN_MINOR 17
#define HV_XEN_EXTRA ".kanzen"
