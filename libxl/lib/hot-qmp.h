/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A running emulator's devices. The options that libkxl would start it with are turned into monitor
 * commands, so that a device that is plugged in is the device that the next start has.
 */
#pragma once

#include "machine-args.h"
#include "qmp.h"

/* Bounds each command. */
#define KXL_HOT_QMP_MS 20000

/* What is known only of a running machine; members may be NULL. */
typedef struct {
    const char *addr; /* PCI slot of -device, "05.0" */
    const char *fds;  /* names of the descriptors of -netdev, with colons between them */
} KxlHotPlace;

/* Runs what the options in args mean: -object, -blockdev, -netdev, -device. What has been
 * done before an error stays for the caller to undo. */
gboolean kxl_hot_plug(KxlQmp *qmp, const KxlArgs *args, const KxlHotPlace *place, GError **error);

/* Whether there is a device of that id. An emulator that does not answer has none. */
gboolean kxl_hot_has_device(KxlQmp *qmp, const char *id);
/* FALSE: still there after that time. */
gboolean kxl_hot_wait_gone(KxlQmp *qmp, const char *id, guint timeout_ms);

/* What an option gives a name to: the id of a -device or -netdev, the node-name of a -blockdev. New
 * string, NULL: nothing. */
char *kxl_hot_option_name(const char *option, const char *value);

/* Whether a port of PCI Express has no device. One that does not exist has none to give. */
gboolean kxl_hot_port_is_free(KxlQmp *qmp, const char *id);
/* hot-port.c: on a q35 machine, a free port for each device that may sit anywhere. */
gboolean kxl_hot_choose_ports(KxlQmp *qmp, const KxlDomainConfig *config, KxlArgs *args,
                              GError **error);

/* Where a device sits, "05.0"; NULL: not on bus 0. */
char *kxl_hot_slot(KxlQmp *qmp, const char *id);
/* A slot of bus 0 without any function, "05.0". KXL_ERROR_UNSUPPORTED: all are taken. */
char *kxl_hot_free_slot(KxlQmp *qmp, GError **error);

/* The block node in a device's drive; NULL: none. */
char *kxl_hot_medium(KxlQmp *qmp, const char *device);

/* Closes an image. One that is not open is no error; one that a device is just leaving is waited
 * for. */
gboolean kxl_hot_remove_node(KxlQmp *qmp, const char *node, guint timeout_ms, GError **error);

/* A command with one argument of text. */
gboolean kxl_hot_command(KxlQmp *qmp, const char *command, const char *name, const char *value,
                         GError **error);
