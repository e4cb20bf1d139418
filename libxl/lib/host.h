/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where this host's files are, beyond what kxl.h shows. All results are the host's own strings. */
#pragma once

#include "kxl.h"

const char *kxl_host_libexec_dir(const KxlHost *host);
const char *kxl_host_hv_image(const KxlHost *host);
const char *kxl_host_supervisor_path(const KxlHost *host);
const char *kxl_host_probe_path(const KxlHost *host);
/* <run>/ended: why domains ended. */
const char *kxl_host_ended_dir(const KxlHost *host);
/* What KANZEN_ACCEL asks for: "kvm", "tcg" or NULL. */
const char *kxl_host_forced_accel(const KxlHost *host);
