/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <serial>, <parallel>, <console> and <channel>. */
#include "def-classes.h"
#include "domain-xml.h"

static const char *const char_types[] = {
    "",
    [DOMAIN_CHAR_PTY] = "pty",
    [DOMAIN_CHAR_FILE] = "file",
    [DOMAIN_CHAR_TCP] = "tcp",
    [DOMAIN_CHAR_UDP] = "udp",
    [DOMAIN_CHAR_UNIX] = "unix",
    [DOMAIN_CHAR_NULL] = "null",
    [DOMAIN_CHAR_DEV] = "dev",
    [DOMAIN_CHAR_PIPE] = "pipe",
    [DOMAIN_CHAR_STDIO] = "stdio",
    [DOMAIN_CHAR_VC] = "vc",
    [DOMAIN_CHAR_SPICEVMC] = "spicevmc",
    [DOMAIN_CHAR_SPICEPORT] = "spiceport",
    [DOMAIN_CHAR_QEMU_VDAGENT] = "qemu-vdagent",
    NULL,
};
static const char *const other_char_types[] = { "nmdm", "dbus", NULL };

static const char *const char_targets[] = {
    "",
    [DOMAIN_CHAR_TARGET_XEN] = "xen",
    [DOMAIN_CHAR_TARGET_SERIAL] = "serial",
    [DOMAIN_CHAR_TARGET_VIRTIO] = "virtio",
    [DOMAIN_CHAR_TARGET_ISA_SERIAL] = "isa-serial",
    [DOMAIN_CHAR_TARGET_PCI_SERIAL] = "pci-serial",
    [DOMAIN_CHAR_TARGET_USB_SERIAL] = "usb-serial",
    [DOMAIN_CHAR_TARGET_SYSTEM_SERIAL] = "system-serial",
    [DOMAIN_CHAR_TARGET_GUESTFWD] = "guestfwd",
    NULL,
};
static const char *const other_char_targets[] = {
    "none",        "uml",       "lxc", "openvz", "sclp", "sclplm", "spapr-vio-serial",
    "sclp-serial", "isa-debug", NULL,
};
/* TLS needs certificates, which nobody can configure. */
static const char *const tls_words[] = { "", "no", NULL };
static const char *const other_tls_words[] = { "yes", NULL };
static const char *const mouse_modes[] = { "", "server", "client", NULL };
static const char *const serial_models[] = { "", "isa-serial", "pci-serial", "usb-serial", NULL };
static const char *const other_serial_models[] = {
    "spapr-vty", "pl011", "sclpconsole", "sclplmconsole", "16550a", "isa-debugcon", NULL,
};
static const char *const source_modes[] = { "", "bind", "connect", "client", "server", NULL };
static const char *const protocols[] = { "", "raw", "telnet", NULL };
static const char *const other_protocols[] = { "telnets", "tls", NULL };
static const char *const channel_states[] = { "", "connected", "disconnected", NULL };

#define F(field) offsetof(DomainCharSource, field)
static const XmlRow source_rows[] = {
    { "@mode", XML_STRING, F(mode), XML_KEY, .words = source_modes },
    { "@path", XML_STRING, F(path) },
    { "@host", XML_STRING, F(host) },
    { "@service", XML_STRING, F(service) },
    { "@append", XML_STRING, F(append), .words = xml_on_off },
    { "@tls", XML_STRING, F(tls), XML_KEPT, .words = tls_words, .refused = other_tls_words },
    { "@channel", XML_STRING, F(channel) },
    { "reconnect/@enabled", XML_STRING, F(reconnect), .words = xml_yes_no },
    { "reconnect/@timeout", XML_STRING, F(reconnect_timeout), XML_DECIMAL },
    { "clipboard/@copypaste", XML_STRING, F(clipboard), .words = xml_yes_no },
    { "mouse/@mode", XML_STRING, F(mouse), .words = mouse_modes },
    { "seclabel", XML_REFUSED },
};
#undef F
XML_CLASS_DEFINE(domain_char_source_class, DomainCharSource, source_rows, NULL)

static gboolean is_pty(const void *object)
{
    return ((const DomainChar *)object)->type == DOMAIN_CHAR_PTY;
}

static gboolean is_not_pty(const void *object)
{
    return !is_pty(object);
}

static gboolean is_virtio(const void *object)
{
    return ((const DomainChar *)object)->target_type == DOMAIN_CHAR_TARGET_VIRTIO;
}

#define F(field) offsetof(DomainChar, field)
/* A pty's path is where a running domain's console is: live only. All other kinds keep what was
 * configured. */
#define CHAR_SOURCE_ROWS                                                                           \
    { "source", XML_LIST, F(sources), .item = &domain_char_source_class, .when = is_not_pty },     \
        { "source/@path", XML_STRING, F(tty), XML_LIVE, .when = is_pty },                          \
        { "protocol/@type",       XML_STRING, F(protocol), .words = protocols,                     \
          .refused = other_protocols },                                                            \
        { "log/@file", XML_STRING, F(log_file) },                                                  \
    {                                                                                              \
        "log/@append", XML_STRING, F(log_append), .words = xml_on_off                              \
    }
#define CHAR_TARGET_ROWS                                                                           \
    { "target/@type", XML_WORD, F(target_type), .words = char_targets,                             \
      .refused = other_char_targets },                                                             \
        { "target/@port", XML_INT, F(target_port), XML_OPTIONAL, .def = "-1" },                    \
        { "target/@name", XML_STRING, F(target_name) },                                            \
        { "target/@state",         XML_STRING,       F(target_state), XML_LIVE,                    \
          .words = channel_states, .when = is_virtio },                                            \
        { "target/model/@name",   XML_STRING, F(target_model), .words = serial_models,             \
          .refused = other_serial_models },                                                        \
        DEVICE_ALIAS_ROW(DomainChar), DEVICE_ADDRESS_ROW(DomainChar)

static const XmlRow char_rows[] = {
    { "@type", XML_WORD, F(type), .words = char_types, .refused = other_char_types, .def = "pty" },
    CHAR_SOURCE_ROWS,
    CHAR_TARGET_ROWS,
};

static const XmlRow console_rows[] = {
    { "@type", XML_WORD, F(type), .words = char_types, .refused = other_char_types, .def = "pty" },
    { "@tty", XML_STRING, F(tty), XML_LIVE, .when = is_pty },
    CHAR_SOURCE_ROWS,
    CHAR_TARGET_ROWS,
};
#undef F

static const DomainCharSource *first_source(const DomainChar *device)
{
    return device->sources->len > 0 ? g_ptr_array_index(device->sources, 0) : NULL;
}

/* What each kind cannot be without. */
static gboolean char_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainChar *device = object;
    const DomainCharSource *source = first_source(device);
    /* A channel's socket is made for it. */
    gboolean is_channel = xmlStrEqual(node->name, BAD_CAST "channel");
    gboolean needs_path = device->type == DOMAIN_CHAR_FILE || device->type == DOMAIN_CHAR_DEV ||
                          device->type == DOMAIN_CHAR_PIPE ||
                          (device->type == DOMAIN_CHAR_UNIX && !is_channel);

    if (needs_path && (source == NULL || source->path == NULL)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "Missing source path attribute for char device");
        return FALSE;
    }
    if (device->type == DOMAIN_CHAR_TCP || device->type == DOMAIN_CHAR_UDP) {
        if (source == NULL || source->service == NULL) {
            xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                      "Missing source service attribute for char device");
            return FALSE;
        }
        if (device->type == DOMAIN_CHAR_TCP && device->protocol == NULL)
            device->protocol = g_strdup("raw");
    }
    return TRUE;
}

XML_CLASS_DEFINE(domain_char_class, DomainChar, char_rows, char_check)
XML_CLASS_DEFINE(domain_console_class, DomainChar, console_rows, char_check)
