/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest gets of the host and of clients besides <hostdev>: filesystem, redirdev, hub. */
#include "def-classes.h"
#include "domain-xml.h"

/* ---- filesystem ---- */

static const char *const filesystem_types[] = { "", "mount", NULL };
static const char *const other_filesystem_types[] = { "template", "file",   "block", "ram",
                                                      "bind",     "volume", NULL };
static const char *const access_modes[] = { "", "passthrough", "mapped", "squash", NULL };
static const char *const multidevs[] = { "", "default", "remap", "forbid", "warn", NULL };
static const char *const virtio_models[] = { "", "virtio", "virtio-transitional",
                                             "virtio-non-transitional", NULL };
static const char *const filesystem_drivers[] = { "", "path", "virtiofs", NULL };
static const char *const other_filesystem_drivers[] = { "handle", "loop", "nbd", "ploop", "mtp",
                                                        NULL };
static const char *const write_policies[] = { "", "immediate", NULL };

static gboolean is_virtiofs(const void *object)
{
    return g_strcmp0(((const DomainFilesystem *)object)->driver, "virtiofs") == 0;
}

#define F(field) offsetof(DomainFilesystem, field)
static const XmlRow filesystem_rows[] = {
    { "@type", XML_STRING, F(type), .words = filesystem_types, .refused = other_filesystem_types,
      .def = "mount" },
    { "@accessmode", XML_STRING, F(access_mode), .words = access_modes, .def = "passthrough" },
    { "@model", XML_STRING, F(model), .words = virtio_models },
    { "@multidevs", XML_STRING, F(multidevs), .words = multidevs },
    { "@fmode", XML_STRING, F(file_mode), XML_DECIMAL },
    { "@dmode", XML_STRING, F(dir_mode), XML_DECIMAL },
    { "driver/@type", XML_STRING, F(driver), .words = filesystem_drivers,
      .refused = other_filesystem_drivers },
    { "driver/@wrpolicy", XML_STRING, F(write_policy), .words = write_policies },
    { "driver/@format", XML_REFUSED },
    { "driver/@queue", XML_UINT, F(queue), .max = 1024, .when = is_virtiofs },
    DEVICE_VIRTIO_ROWS(DomainFilesystem),
    { "binary", XML_REFUSED },
    { "idmap", XML_REFUSED },
    { "source/@dir", XML_STRING, F(source) },
    { "source/@socket", XML_STRING, F(socket), .when = is_virtiofs },
    { "target/@dir", XML_STRING, F(target) },
    { "readonly", XML_FLAG, F(readonly) },
    { "space_hard_limit", XML_REFUSED },
    { "space_soft_limit", XML_REFUSED },
    DEVICE_BOOT_ROW(DomainFilesystem),
    DEVICE_ALIAS_ACPI_ROW(DomainFilesystem),
    DEVICE_PLACE_ROW(DomainFilesystem),
};
#undef F

static gboolean filesystem_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainFilesystem *fs = object;
    gboolean has_modes = fs->file_mode != NULL || fs->dir_mode != NULL;
    const char *why = NULL;

    if (fs->target == NULL || *fs->target == '\0')
        why = "missing target information for filesystem";
    else if (is_virtiofs(fs) && fs->socket == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_UNSUPPORTED, node, NULL,
                  "virtiofs without the socket of a virtiofsd that runs already is not supported");
        return FALSE;
    } else if (fs->socket == NULL && (fs->source == NULL || *fs->source == '\0'))
        why = "missing source information for filesystem";
    else if (!is_virtiofs(fs) && fs->info.boot_order != 0)
        why = "only virtiofs filesystems can be booted from";
    else if (has_modes && g_strcmp0(fs->access_mode, "mapped") != 0)
        why = "fmode and dmode must be used with accessmode=mapped";
    if (why != NULL)
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "%s", why);
    return why == NULL;
}
XML_CLASS_DEFINE(domain_filesystem_class, DomainFilesystem, filesystem_rows, filesystem_check)

/* ---- redirdev ---- */

static const char *const redirdev_buses[] = { "", "usb", NULL };
static const char *const redirdev_types[] = { "", "spicevmc", "tcp", "unix", NULL };
static const char *const other_redirdev_types[] = {
    "pty", "file", "null", "dev", "pipe", "stdio", "vc", "udp", "spiceport", "nmdm", "dbus", NULL,
};
static const char *const protocols[] = { "", "raw", "telnet", NULL };
static const char *const other_protocols[] = { "telnets", "tls", NULL };

#define F(field) offsetof(DomainRedirdev, field)
static const XmlRow redirdev_rows[] = {
    { "@bus", XML_STRING, F(bus), .words = redirdev_buses, .def = "usb" },
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = redirdev_types,
      .refused = other_redirdev_types },
    { "source", XML_LIST, F(sources), .item = &domain_char_source_class },
    { "protocol/@type", XML_STRING, F(protocol), .words = protocols, .refused = other_protocols },
    { "log", XML_REFUSED },
    DEVICE_BOOT_ROW(DomainRedirdev),
    DEVICE_ALIAS_ROW(DomainRedirdev),
    DEVICE_PLACE_ROW(DomainRedirdev),
};
#undef F

static gboolean redirdev_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainRedirdev *redirdev = object;

    if (g_strcmp0(redirdev->type, "spicevmc") == 0 || redirdev->sources->len > 0)
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
              "missing source of a redirected device's character device");
    return FALSE;
}
XML_CLASS_DEFINE(domain_redirdev_class, DomainRedirdev, redirdev_rows, redirdev_check)

/* ---- hub ---- */

static const char *const hub_types[] = { "", "usb", NULL };

#define F(field) offsetof(DomainHub, field)
static const XmlRow hub_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = hub_types },
    DEVICE_ALIAS_ROW(DomainHub),
    DEVICE_PLACE_ROW(DomainHub),
};
#undef F
XML_CLASS_DEFINE(domain_hub_class, DomainHub, hub_rows, NULL)
