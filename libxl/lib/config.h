/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of KxlDomainConfig (kxl-config.h, kxl-tuning.h), each by its rows. */
#pragma once

#include "field.h"

/* config.c */
extern const KxlType kxl_type_domain_config;

/* config-tuning.c */
extern const KxlType kxl_type_cpu;
extern const KxlType kxl_type_numa_distance;
extern const KxlType kxl_type_numa_cache;
extern const KxlType kxl_type_interconnect;
extern const KxlType kxl_type_device_memory;
extern const KxlType kxl_type_numa_cell;
extern const KxlType kxl_type_huge_page;
extern const KxlType kxl_type_memory;
extern const KxlType kxl_type_iothread;
extern const KxlType kxl_type_scheduler;
extern const KxlType kxl_type_blkio_device;
extern const KxlType kxl_type_bandwidth;
extern const KxlType kxl_type_limits;
extern const KxlType kxl_type_board;

/* config-devices.c */
extern const KxlType kxl_type_address;
extern const KxlType kxl_type_disk_tune;
extern const KxlType kxl_type_secret;
extern const KxlType kxl_type_disk_server;
extern const KxlType kxl_type_encryption;
extern const KxlType kxl_type_device_disk;
extern const KxlType kxl_type_device_controller;
extern const KxlType kxl_type_nic_bandwidth;
extern const KxlType kxl_type_device_nic;
extern const KxlType kxl_type_serial;
extern const KxlType kxl_type_device_rng;
extern const KxlType kxl_type_device_tpm;
extern const KxlType kxl_type_balloon;
extern const KxlType kxl_type_iommu;
extern const KxlType kxl_type_device_shmem;
extern const KxlType kxl_type_device_crypto;
extern const KxlType kxl_type_device_smartcard;
extern const KxlType kxl_type_device_pci;
extern const KxlType kxl_type_device_usb;
extern const KxlType kxl_type_device_host;
extern const KxlType kxl_type_device_redir;
extern const KxlType kxl_type_device_hub;
extern const KxlType kxl_type_device_filesystem;
extern const KxlType kxl_type_device_channel;
extern const KxlType kxl_type_extra;

/* config-display.c */
extern const KxlType kxl_type_vnc;
extern const KxlType kxl_type_spice;
extern const KxlType kxl_type_sdl;
extern const KxlType kxl_type_gl_display;
extern const KxlType kxl_type_device_vfb;
extern const KxlType kxl_type_device_video;
extern const KxlType kxl_type_device_input;
extern const KxlType kxl_type_device_sound;
extern const KxlType kxl_type_audio;
