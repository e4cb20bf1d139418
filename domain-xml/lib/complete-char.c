/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serial ports and consoles: numbers, and the console that stands for an HVM guest's first serial
 * port. */
#include "complete.h"

#include "def-classes.h"

/* Ports without a number get the next one after the largest so far. */
static void number_ports(GPtrArray *devices)
{
    int next = 0;

    for (guint i = 0; i < devices->len; i++) {
        const DomainChar *device = g_ptr_array_index(devices, i);
        next = MAX(next, device->target_port + 1);
    }
    for (guint i = 0; i < devices->len; i++) {
        DomainChar *device = g_ptr_array_index(devices, i);
        if (device->target_port < 0)
            device->target_port = next++;
    }
}

static gboolean is_serial_console(const DomainChar *console)
{
    return console->target_type == DOMAIN_CHAR_TARGET_NONE ||
           console->target_type == DOMAIN_CHAR_TARGET_SERIAL;
}

/* A console that shows the serial port: the same back end under another name. */
static DomainChar *console_of_serial(const DomainChar *serial)
{
    DomainChar *console = xml_object_dup(&domain_char_class, serial);

    console->target_type = DOMAIN_CHAR_TARGET_SERIAL;
    g_clear_pointer(&console->target_model, g_free);
    xml_object_free(&domain_address_class, g_steal_pointer(&console->info.address));
    return console;
}

/* HVM guests have no console of their own: the first one is the first serial port, whichever of the
 * two was given. */
static void pair_console(DomainDef *def)
{
    if (def->serials->len == 0) {
        if (def->consoles->len == 0)
            return;
        DomainChar *console = g_ptr_array_index(def->consoles, 0);
        if (!is_serial_console(console))
            return;
        DomainChar *serial = xml_object_dup(&domain_console_class, console);
        serial->target_type = DOMAIN_CHAR_TARGET_NONE;
        serial->target_port = 0;
        g_ptr_array_add(def->serials, serial);
    }

    DomainChar *mirror = console_of_serial(g_ptr_array_index(def->serials, 0));
    if (def->consoles->len == 0) {
        g_ptr_array_add(def->consoles, mirror);
        return;
    }
    DomainChar *first = g_ptr_array_index(def->consoles, 0);
    if (is_serial_console(first)) {
        xml_object_free(&domain_console_class, first);
        def->consoles->pdata[0] = mirror;
    } else {
        xml_object_free(&domain_console_class, mirror);
    }
}

#define ISA_PORTS 4

guint domain_serial_place(const GPtrArray *serials, const DomainChar *serial)
{
    guint place = 0, others = 0;

    if (serial->target_port < ISA_PORTS)
        return (guint)MAX(serial->target_port, 0);
    for (guint i = 0; i < serials->len; i++) {
        int port = ((const DomainChar *)g_ptr_array_index(serials, i))->target_port;

        if (port < ISA_PORTS)
            place = MAX(place, (guint)port + 1);
        else
            others += port < serial->target_port;
    }
    return place + others;
}

/* PV and PVH guests always have the console page. */
static void add_pv_console(DomainDef *def)
{
    if (def->consoles->len == 0)
        g_ptr_array_add(def->consoles, domain_char_new());
    for (guint i = 0; i < def->consoles->len; i++) {
        DomainChar *console = g_ptr_array_index(def->consoles, i);
        if (console->target_type == DOMAIN_CHAR_TARGET_NONE)
            console->target_type = DOMAIN_CHAR_TARGET_XEN;
    }
}

void complete_chars(DomainDef *def)
{
    number_ports(def->serials);
    number_ports(def->parallels);
    if (domain_is_hvm(def))
        pair_console(def);
    else
        add_pv_console(def);
    for (guint i = 0; i < def->consoles->len; i++) {
        DomainChar *console = g_ptr_array_index(def->consoles, i);
        console->target_port = (int)i;
        if (console->target_type == DOMAIN_CHAR_TARGET_NONE)
            console->target_type = DOMAIN_CHAR_TARGET_SERIAL;
    }
}
