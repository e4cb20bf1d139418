/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of kxl-tuning.h, for those of KxlDomainConfig. */
#pragma once

#include "field.h"

extern const KxlType kxl_type_cpu;
extern const KxlType kxl_type_memory;
extern const KxlType kxl_type_huge_page;
extern const KxlType kxl_type_numa_cell;
extern const KxlType kxl_type_numa_distance;
extern const KxlType kxl_type_iothread;
extern const KxlType kxl_type_limits;
extern const KxlType kxl_type_bandwidth;
extern const KxlType kxl_type_scheduler;
extern const KxlType kxl_type_blkio_device;
extern const KxlType kxl_type_board;
