/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions: the tables' consistency, each value's kinds, errors, live and secret parts, limits.
 */
#include "fixture.h"

#include <string.h>

#include "def-classes.h"
#include "xml-value.h"

/* ---- tables ---- */

static const XmlClass *const classes[] = {
    &domain_def_class,         &domain_cpu_class,        &domain_timer_class,
    &domain_address_class,     &domain_disk_class,       &domain_controller_class,
    &domain_interface_class,   &domain_char_class,       &domain_console_class,
    &domain_graphics_class,    &domain_video_class,      &domain_input_class,
    &domain_sound_class,       &domain_hostdev_class,    &domain_function_class,
    &domain_watchdog_class,
    &domain_memballoon_class,  &domain_rng_class,        &domain_tpm_class,
    &domain_panic_class,       &domain_numa_cell_class,  &domain_disk_host_class,
    &domain_char_source_class, &domain_listen_class,     &domain_vsock_class,
    &domain_shmem_class,       &domain_crypto_class,     &domain_smartcard_class,
    &domain_audio_class,       &domain_audio_side_class,
};

/* Rows below one element stand together: the parser takes them as a span. */
static void check_spans(const XmlClass *class)
{
    g_autoptr(GHashTable) closed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *last = g_strdup("");

    for (guint i = 0; i < class->n_rows; i++) {
        g_auto(GStrv) parts = g_strsplit(class->rows[i].path, "/", -1);
        g_autoptr(GString) prefix = g_string_new(NULL);

        for (guint j = 0; parts[j] != NULL; j++) {
            if (parts[j][0] == '@')
                break;
            g_string_append_printf(prefix, "%s/", parts[j]);
            if (!g_str_has_prefix(last, prefix->str) &&
                !g_hash_table_add(closed, g_strdup(prefix->str)))
                g_error("rows of '%s' do not stand together", prefix->str);
        }
        g_free(last);
        last = g_strdup(prefix->str);
    }
}

static void check_row(const XmlClass *class, const XmlRow *row)
{
    gboolean is_attribute = strstr(row->path, "@") != NULL;

    g_assert_true(row->kind == XML_REFUSED || row->offset < class->size);
    if (row->kind == XML_OBJECT || row->kind == XML_LIST)
        g_assert_nonnull(row->item);
    if (row->kind >= XML_OBJECT && row->kind != XML_REFUSED)
        g_assert_false(is_attribute);
    if (row->kind == XML_WORD)
        g_assert_nonnull(row->words);
    if (row->words != NULL)
        g_assert_cmpstr(row->words[0], ==, "");
    if (row->flags & XML_IMPLIED)
        g_assert_true(is_attribute && row->def != NULL);
    for (guint i = 0; row->refused != NULL && row->refused[i] != NULL; i++)
        g_assert_false(g_strv_contains(row->words + 1, row->refused[i]));
}

static void test_tables(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
        check_spans(classes[i]);
        for (guint j = 0; j < classes[i]->n_rows; j++)
            check_row(classes[i], &classes[i]->rows[j]);
        xml_object_free(classes[i], xml_object_new(classes[i]));
    }
}

/* ---- values ---- */

static void test_sizes(void)
{
    static const struct {
        const char *text, *unit;
        guint64 kib;
        const char *why;
    } rows[] = {
        { "5", NULL, 5, NULL },
        { " 5\n", "", 5, NULL },
        { "1", "b", 1, NULL },
        { "1025", "bytes", 2, NULL },
        { "1", "KB", 1, NULL },
        { "1000", "kb", 977, NULL },
        { "1", "k", 1, NULL },
        { "1", "MiB", 1024, NULL },
        { "1", "M", 1024, NULL },
        { "1", "MB", 977, NULL },
        { "2", "gib", 2097152, NULL },
        { "1", "TiB", G_GUINT64_CONSTANT(1) << 30, NULL },
        { "1", "PiB", G_GUINT64_CONSTANT(1) << 40, NULL },
        { "1", "EiB", G_GUINT64_CONSTANT(1) << 50, NULL },
        { "8", "EiB", 0, "The value is too large" },
        { "99999999999999999999", NULL, 0, "The value is too large" },
        { "-1", NULL, 0, "Expected non-negative integer value" },
        { "1.5", "GiB", 0, "Expected non-negative integer value" },
        { "", NULL, 0, "Expected non-negative integer value" },
        { "5", "QiB", 0, "The unit is unknown" },
        { "5", "MiBs", 0, "The unit is unknown" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 kib = 0;
        g_assert_cmpstr(xml_size_parse(rows[i].text, rows[i].unit, &kib), ==, rows[i].why);
        g_assert_cmpuint(kib, ==, rows[i].kib);
    }
}

static void test_escape(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    xml_escape(out, "<a b='1'>\t\n\r\"&\x01é</a>", FALSE);
    g_assert_cmpstr(out->str, ==, "&lt;a b=&apos;1&apos;&gt;\t\n&#13;&quot;&amp;é&lt;/a&gt;");
    g_string_truncate(out, 0);
    xml_escape(out, "a\tb\nc\r", TRUE);
    g_assert_cmpstr(out->str, ==, "a&#9;b&#10;c&#13;");
}

/* ---- errors ---- */

/* A part of a domain, where it goes, and what is said of it. */
#define TOP "<domain type='xen'><name>x</name><memory>65536</memory><os><type>%s</type></os>%s"
static const struct {
    const char *os_type;
    const char *part; /* of <domain> */
    int code;
    const char *message;
} errors[] = {
    { "xen", "<vcpu>many</vcpu>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'vcpu': 'many'. Expected non-negative integer value "
      "(/domain/vcpu, line 1)" },
    { "xen", "<vcpu>0</vcpu>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'vcpu': '0'. Zero is not permitted (/domain/vcpu, line 1)" },
    { "xen", "<vcpu current='3'>2</vcpu>", DOMAIN_XML_ERROR_SYNTAX,
      "maxvcpus must not be less than current vcpus (2 < 3)" },
    { "xen", "<vcpu cpuset='0-'>1</vcpu>", DOMAIN_XML_ERROR_INVALID_ARG,
      "Failed to parse bitmap '0-' (/domain/vcpu/@cpuset)" },
    { "xen", "<uuid>123</uuid>", DOMAIN_XML_ERROR_SYNTAX,
      "malformed uuid element '123' (/domain, line 1)" },
    { "xen", "<currentMemory>65537</currentMemory>", DOMAIN_XML_ERROR_SYNTAX,
      "current memory '65537k' exceeds maximum '65536k'" },
    { "xen", "<currentMemory unit='furlong'>5</currentMemory>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'currentMemory': '5'. The unit is unknown (/domain/currentMemory, "
      "line 1)" },
    { "xen", "<title>a\nb</title>", DOMAIN_XML_ERROR_SYNTAX,
      "Domain title can't contain newlines" },
    { "xen", "<on_crash>dance</on_crash>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'on_crash': 'dance' (/domain/on_crash, line 1)" },
    { "xen", "<clock offset='utc' adjustment='soon'/>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'adjustment' in element 'clock': 'soon'. Expected integer value "
      "(/domain, line 1)" },
    { "xen", "<clock><timer name='rtc'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported timer type (name) 'rtc' (/domain/clock/timer[1]/@name)" },
    { "xen", "<clock><timer name='hpet'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported timer type (name) 'hpet' (/domain/clock/timer[1]/@name)" },
    { "xen", "<features><xen><e820_host/></xen></features>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'state' in element 'e820_host' (/domain/features/xen/e820_host, "
      "line 1)" },
    { "xen", "<idmap/>", DOMAIN_XML_ERROR_UNSUPPORTED, "/domain/idmap is not supported (line 1)" },
    { "xen", "<devices>\n<lease/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/lease is not supported (line 2)" },
    { "xen", "<q:override xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/>",
      DOMAIN_XML_ERROR_UNSUPPORTED, "/domain/q:override is not supported (line 1)" },
    { "hvm", "<cpu mode='custom'/>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing CPU model name (/domain/cpu, line 1)" },
    { "hvm", "<cpu><topology sockets='1' cores='1' threads='1'/></cpu><vcpu>2</vcpu>",
      DOMAIN_XML_ERROR_SYNTAX, "Maximum CPUs greater than topology limit" },

    { "xen",
      "<devices><disk><target dev='xvda'/></disk><disk type='block'><source dev='/b'/>"
      "<target dev='xvda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX, "target 'xvda' duplicated for disk sources '' and '/b'" },
    { "xen", "<devices><disk/></devices>", DOMAIN_XML_ERROR_NO_TARGET,
      "disk (/domain/devices/disk, line 1)" },
    { "xen", "<devices><disk><target dev='zda'/></disk></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid harddisk device name: zda" },
    { "xen", "<devices><disk device='floppy'><target dev='hda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX, "Invalid floppy device name: hda" },
    { "xen", "<devices><disk device='lun'><target dev='hda'/></disk></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'lun' is not supported (/domain/devices/disk/@device, line 1)" },
    { "xen", "<devices><disk device='drum'><target dev='hda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'device' in element 'disk': 'drum' "
      "(/domain/devices/disk/@device, line 1)" },
    { "xen",
      "<devices><disk><target dev='hda'/></disk><disk><source><reservations/></source><target "
      "dev='hdb'/></disk></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/disk[2]/source/reservations is not supported (line 1)" },
    { "xen",
      "<devices><disk type='network'><source name='x'/><target dev='xvda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'protocol' in element 'source' (/domain/devices/disk/source, "
      "line 1)" },
    { "xen",
      "<devices><disk type='network'><source protocol='iscsi'><host name='h'/></source><target "
      "dev='xvda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX, "missing name for disk source (/domain/devices/disk, line 1)" },
    { "xen",
      "<devices><disk type='network'><driver name='phy'/><source protocol='nbd'/><target "
      "dev='xvda'/>"
      "</disk></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "only the 'qemu' driver can be used with network disks (/domain/devices/disk[1])" },
    { "hvm",
      "<devices><disk><target dev='hda'/></disk><disk><target dev='sda'/>"
      "<address type='drive' controller='0' bus='0' target='0' unit='9'/></disk><disk>"
      "<target dev='sdb'/><address type='drive' unit='9'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Found duplicate drive address for disk with target name 'sdb' controller='0' bus='0' "
      "target='0' "
      "unit='9'" },
    { "hvm", "<devices><disk><target dev='hda'/><address type='pci' slot='0x20'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'slot' in element 'address': '0x20'. The value is too large "
      "(/domain/devices/disk/address/@slot, line 1)" },
    { "hvm", "<devices><disk><target dev='hda'/><boot order='0'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'order' in element 'boot': '0'. Zero is not permitted "
      "(/domain/devices/disk/boot/@order, line 1)" },
    { "hvm",
      "<devices><disk><target dev='hda'/><boot order='1'/></disk><disk><target dev='hdb'/>"
      "<boot order='1'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX, "boot order '1' used for more than one device" },
    { "hvm",
      "<devices><controller type='ide' index='0'/><controller type='ide' index='0'/></devices>",
      DOMAIN_XML_ERROR_SYNTAX, "Multiple 'ide' controllers with index '0'" },

    { "xen", "<devices><interface/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'type' in element 'interface' (/domain/devices/interface, line "
      "1)" },
    { "xen", "<devices><interface type='vdpa'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'vdpa' is not supported (/domain/devices/interface/@type, line 1)" },
    { "xen", "<devices><interface type='bridge'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "No <source> 'bridge' attribute specified with <interface type='bridge'/> "
      "(/domain/devices/interface, line 1)" },
    { "xen",
      "<devices><interface type='user'><mac address='00:16:3e:00:00'/></interface></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "unable to parse mac address '00:16:3e:00:00' (/domain/devices/interface, line 1)" },
    { "xen",
      "<devices><interface type='user'><mac address='01:16:3e:00:00:00'/></interface></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "expected unicast mac address, found multicast '01:16:3e:00:00:00' "
      "(/domain/devices/interface, line 1)" },
    { "xen", "<devices><interface type='user'><script path='/x'/></interface></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "specifying a script is only supported with interface types bridge and ethernet "
      "(/domain/devices/interface[1]/script)" },
    { "xen", "<devices><interface type='user'><model type='e1000'/></interface></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "only model 'netfront' is supported for Xen PV(H) domains "
      "(/domain/devices/interface[1]/model/@type: "
      "'e1000')" },
    { "xen", "<devices><interface type='user'><ip address='1.2.3'/></interface></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid address '1.2.3' in <ip> (/domain/devices/interface/ip/@address, line 1)" },

    { "hvm", "<devices><disk><driver packed='on'/><source file='/a'/><target dev='hda'/></disk></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "packed driver option is only supported for virtio devices "
      "(/domain/devices/disk[1]/driver/@packed)" },
    { "hvm", "<devices><interface type='user'><model type='usb-net'/><acpi index='1'/></interface></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "ACPI index is only supported for PCI devices (/domain/devices/interface[1]/acpi/@index)" },
    { "hvm",
      "<devices><disk><source file='/a'><slices><slice type='storage' offset='0' size='0'/></slices>"
      "</source><target dev='hda'/></disk></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'size' in element 'slice': '0'. Zero is not permitted "
      "(/domain/devices/disk/source/slices/slice/@size, line 1)" },
#define DISK(inside, type)                                                                         \
    "<devices><disk type='network'><driver name='qemu' type='" type "'/>" inside                   \
    "<target dev='xvda'/></disk></devices>"
#define UUID "uuid='2ec115d7-3a88-3ceb-bc12-0ac909a6fd87'"
    { "xen", DISK("<source protocol='rbd' name='a/b'><auth username='u'/></source>", "raw"),
      DOMAIN_XML_ERROR_SYNTAX,
      "missing <secret> element (/domain/devices/disk/source/auth, line 1)" },
    { "xen",
      DISK("<source protocol='rbd' name='a/b'><auth username='u'><secret type='ceph'/></auth></source>",
           "raw"),
      DOMAIN_XML_ERROR_SYNTAX,
      "missing secret uuid or usage attribute (/domain/devices/disk/source/auth, line 1)" },
    { "xen",
      DISK("<auth username='u'><secret type='iscsi' " UUID "/></auth><source protocol='rbd' name='a/b'>"
           "<host name='h'/></source>",
           "raw"),
      DOMAIN_XML_ERROR_SYNTAX,
      "invalid secret type 'iscsi' (/domain/devices/disk[1]/auth/secret/@type)" },
    { "xen",
      DISK("<auth username='u'><secret type='ceph' " UUID "/></auth><source protocol='nbd'>"
           "<host name='h'/></source>",
           "raw"),
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "not supported for a disk of this kind (/domain/devices/disk[1]/auth)" },
    { "xen",
      DISK("<source protocol='nbd'><host name='h'/><encryption format='luks2'><secret " UUID
           "/></encryption></source>",
           "raw"),
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "QEMU's own engine knows the format 'luks' only (/domain/devices/disk[1]/encryption)" },
    { "xen",
      DISK("<source protocol='nbd'><host name='h'/><encryption format='luks'><secret " UUID
           "/></encryption></source>",
           "vmdk"),
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "only raw and qcow2 images can be encrypted (/domain/devices/disk[1]/encryption)" },
    { "xen",
      DISK("<source protocol='https'><host name='h'/><cookies><cookie name='a'>b;c</cookie></cookies>"
           "</source>",
           "raw"),
      DOMAIN_XML_ERROR_SYNTAX,
      "malformed cookie 'a' (/domain/devices/disk/source/cookies/cookie, line 1)" },
#undef UUID
#undef DISK

    { "xen", "<devices><graphics type='vnc' port='65536'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid port number '65536' (/domain/devices/graphics/@port, line 1)" },
    { "xen",
      "<devices><graphics type='vnc' listen='1.1.1.1'><listen type='address' address='2.2.2.2'/>"
      "</graphics></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "graphics 'listen' attribute '1.1.1.1' must match 'address' attribute of first listen "
      "element (found "
      "'2.2.2.2') (/domain/devices/graphics/@listen, line 1)" },
    { "xen", "<devices><graphics type='spice'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "spice graphics are for hvm domains only (/domain/devices/graphics[1])" },
    { "hvm", "<devices><video><model type='qxl' vram='1024'/></video></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "videoram must be at least 128MB for QXL (/domain/devices/video[1]/model/@vram)" },
    { "hvm", "<devices><serial type='file'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing source path attribute for char device (/domain/devices/serial, line 1)" },
    { "xen", "<devices><parallel type='null'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "parallel devices are for hvm domains only (/domain/devices/parallel)" },
    { "xen", "<devices><memballoon model='none'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "balloon device cannot be disabled (/domain/devices/memballoon/@model)" },
    { "hvm", "<currentMemory>1024</currentMemory><devices><memballoon model='none'/></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "current memory below the maximum needs a balloon device "
      "(/domain/devices/memballoon/@model)" },
    { "xen", "<devices><rng model='virtio'><backend model='random'/></rng></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED, "rng devices are for hvm domains only (/domain/devices/rng)" },
    { "hvm", "<devices><rng model='virtio'><backend model='random'>pool</backend></rng></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "file 'pool' is not a supported random source (/domain/devices/rng[1]/backend)" },
    { "hvm", "<devices><rng model='virtio'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "missing RNG device backend (/domain/devices/rng, line 1)" },
    { "hvm", "<devices><rng model='virtio'><backend model='egd' type='unix'/></rng></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "missing source of the egd RNG backend (/domain/devices/rng, line 1)" },
    { "hvm",
      "<devices><tpm><backend type='passthrough'/></tpm><tpm><backend type='emulator'/></tpm>"
      "</devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "only a single TPM device is supported (/domain/devices/tpm[2])" },
    { "hvm", "<devices><tpm><backend type='external'/></tpm></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "missing socket source path for TPM 'external' backend (/domain/devices/tpm, line 1)" },
    { "hvm", "<devices><watchdog model='itco'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "watchdog 'itco' is part of machine type q35, which xenfv is not "
      "(/domain/devices/watchdog/@model)" },
    { "hvm", "<devices><watchdog model='diag288'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'diag288' is not supported (/domain/devices/watchdog/@model, line 1)" },
    { "hvm", "<devices><vsock><cid address='2'/></vsock></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "guest CIDs must be >= 3, not 2 (/domain/devices/vsock, line 1)" },
    { "hvm", "<devices><shmem name='a/b'><model type='ivshmem-plain'/></shmem></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "shmem name cannot be empty, '.', '..' or contain '/' (/domain/devices/shmem, line 1)" },
    { "hvm",
      "<devices><smartcard mode='host-certificates'><certificate>a</certificate>"
      "</smartcard></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "host-certificates mode needs exactly three certificates (/domain/devices/smartcard, line "
      "1)" },
    { "hvm", "<devices><input type='evdev'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "missing dev of input device evdev (/domain/devices/input, line 1)" },
    { "hvm", "<devices><serial type='stdio'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "character devices of type 'stdio' are not supported (/domain/devices/serial[1]/@type)" },
    { "hvm", "<devices><serial type='unix'/></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing source path attribute for char device (/domain/devices/serial, line 1)" },
    { "hvm", "<devices><channel type='pty'><target type='guestfwd'/></channel></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "channel target type not supported (/domain/devices/channel[1]/target/@type)" },
    { "hvm",
      "<devices><channel type='unix'><target type='virtio' name='../x'/></channel></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "channel target name '../x' must not contain '/' "
      "(/domain/devices/channel[1]/target/@name)" },
    { "hvm", "<devices><channel type='spicevmc'><target type='virtio'/></channel></devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "channel of SPICE in a domain without spice graphics (/domain/devices/channel[1]/@type)" },
    { "hvm",
      "<devices><graphics type='vnc'><listen type='address'/><listen type='none'/></graphics>"
      "</devices>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "multiple listens are not supported for one graphics device "
      "(/domain/devices/graphics[1]/listen[2])" },
    { "hvm", "<devices><graphics type='vnc' passwd='x' passwdValidTo='soon'/></devices>",
      DOMAIN_XML_ERROR_SYNTAX,
      "cannot parse password validity time 'soon', expect YYYY-MM-DDTHH:MM:SS "
      "(/domain/devices/graphics[1]/@passwdValidTo)" },
    { "xen", "<devices><graphics type='dbus'/></devices>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "dbus graphics are for hvm domains only (/domain/devices/graphics[1])" },
    { "hvm", "<devices><hostdev type='usb'><source/></hostdev></devices>", DOMAIN_XML_ERROR_SYNTAX,
      "missing vendor or address in <source> of USB hostdev (/domain/devices/hostdev, line 1)" },
};

static void test_errors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_autofree char *xml = g_strdup_printf(TOP "</domain>", errors[i].os_type, errors[i].part);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

        g_test_message("%s", errors[i].part);
        g_assert_null(def);
        g_assert_cmpstr(error->message, ==, errors[i].message);
        g_assert_error(error, DOMAIN_XML_ERROR, errors[i].code);
    }
}

/* Whole documents. */
static const struct {
    const char *xml;
    int code;
    const char *message;
} documents[] = {
    { "", DOMAIN_XML_ERROR_DETAIL, "(domain_definition):1: Document is empty\n\n^" },
    { "<domain type='xen'>\n  <name>x</nam>\n</domain>", DOMAIN_XML_ERROR_DETAIL,
      "(domain_definition):2: Opening and ending tag mismatch: name line 2 and nam\n  "
      "<name>x</nam>\n"
      "---------------^" },
    { "<domain><name>\xff</name></domain>", DOMAIN_XML_ERROR_DETAIL, NULL },
    { "<!DOCTYPE domain [<!ENTITY x 'y'>]><domain type='xen'><name>&x;</name></domain>",
      DOMAIN_XML_ERROR_DETAIL, "(domain_definition): a document type declaration is not allowed" },
    { "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", DOMAIN_XML_ERROR_DETAIL,
      "(domain_definition): a document type declaration is not allowed" },
    { "<domain type='xen'><name>&x;</name></domain>", DOMAIN_XML_ERROR_DETAIL, NULL },
    { "<!-- = ' > --><?pi = ' > ?><domain type='xen'><name><![CDATA[ = ' < ]]></name></domain>",
      DOMAIN_XML_ERROR_SYNTAX, "no OS type (/domain, line 1)" },
    { "<network/>", DOMAIN_XML_ERROR_SYNTAX,
      "unexpected root element <network>, expecting <domain> (/network, line 1)" },
    { "<domain/>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'type' in element 'domain' (/domain, line 1)" },
    { "<domain type='kvm'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "'kvm' is not supported (/domain/@type, line 1)" },
    { "<domain type='toaster'/>", DOMAIN_XML_ERROR_SYNTAX, NULL },
    { "<domain type='xen'/>", DOMAIN_XML_ERROR_NO_NAME, "<domain> (/domain, line 1)" },
    { "<domain type='xen'><name>x</name></domain>", DOMAIN_XML_ERROR_SYNTAX,
      "no OS type (/domain, line 1)" },
    { "<domain type='xen'><name>x</name><os><type>xen</type></os></domain>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Memory size must be specified via <memory> or in the <numa> configuration" },
    { "<domain type='xen'><name>a/b</name><memory>1</memory><os><type>xen</type></os></domain>",
      DOMAIN_XML_ERROR_SYNTAX, "name a/b cannot contain '/'" },
    { "<domain type='xen'><name> </name><memory>1</memory><os><type>xen</type></os></domain>",
      DOMAIN_XML_ERROR_SYNTAX, "name must not be empty" },
    { "<domain type='xen'><name>x</name><memory>1</memory><os><type>exe</type></os></domain>",
      DOMAIN_XML_ERROR_UNSUPPORTED, "'exe' is not supported (/domain/os/type, line 1)" },
    { "<domain type='xen'><name>x</name><memory>1</memory><os><type "
      "machine='pc'>hvm</type></os></domain>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "could not find capabilities for ostype=hvm domaintype=xen machine=pc "
      "(/domain/os/type/@machine)" },
    { "<domain type='xen'><name>x</name><memory>1</memory><os><type "
      "arch='armv7l'>hvm</type></os></domain>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "could not find capabilities for arch=armv7l domaintype=xen (/domain/os/type/@arch)" },
};

static void test_documents(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(documents[i].xml, &test_caps, &error);

        g_test_message("%u", i);
        g_assert_null(def);
        if (documents[i].message != NULL)
            g_assert_cmpstr(error->message, ==, documents[i].message);
        g_assert_error(error, DOMAIN_XML_ERROR, documents[i].code);
    }
}

/* libvirt finds devices wherever <devices> stands; of what may stand once, it takes the first. */
static void test_again(void)
{
    g_autofree char *xml =
        g_strdup_printf(TOP "<vcpu>2</vcpu><vcpu>3</vcpu><devices><emulator>/a</emulator>"
                            "<disk><source file='/a'/><target dev='xvda'/></disk></devices>"
                            "<devices><emulator>/b</emulator><disk><source file='/b'/>"
                            "<source file='/c'/><target dev='xvdb'/></disk></devices></domain>",
                        "xen", "");
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(def->vcpus_max, ==, 2);
    g_assert_cmpstr(def->emulator, ==, "/a");
    g_assert_cmpuint(def->disks->len, ==, 2);
    g_assert_cmpstr(((DomainDisk *)def->disks->pdata[1])->source, ==, "/b");
}

/* ---- what nobody knows ---- */

static const struct {
    const char *part;
    const char *message; /* NULL: it is known */
} strange[] = {
    { "<shape/>", "Did not expect element shape there (/domain/shape, line 1)" },
    { "<vcpu colour='red'>1</vcpu>",
      "Invalid attribute colour for element vcpu (/domain/vcpu/@colour, line 1)" },
    { "<currentMemory unit='KiB'>1</currentMemory>", NULL },
    { "<devices><disk size='5'><target dev='xvda'/></disk></devices>",
      "Invalid attribute size for element disk (/domain/devices/disk/@size, line 1)" },
    { "<devices><disk><target dev='xvda'/><pillow/></disk></devices>",
      "Did not expect element pillow there (/domain/devices/disk/pillow, line 1)" },
    { "<metadata><x:y xmlns:x='urn:x' z='1'/></metadata>", NULL },
    { "<x:y xmlns:x='urn:x'/>", "Did not expect element y there (/domain/x:y, line 1)" },
};

static void test_validate(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(strange); i++) {
        g_autofree char *xml = g_strdup_printf(TOP "</domain>", "xen", strange[i].part);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", strange[i].part);
        g_autoptr(DomainDef) lenient = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);
        g_assert_no_error(error);
        g_autoptr(DomainDef) def =
            domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE | DOMAIN_XML_PARSE_VALIDATE, &error);
        if (strange[i].message == NULL) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_SCHEMA);
        g_assert_cmpstr(error->message, ==, strange[i].message);
    }
}

/* ---- limits: each is an error or done in time that grows with its length only ---- */

/* unit with its number in the place of '#', if it has one. */
static void append_numbered(GString *text, const char *unit, guint number)
{
    const char *mark = strchr(unit, '#');

    g_string_append_len(text, unit, mark != NULL ? mark - unit : -1);
    if (mark != NULL)
        g_string_append_printf(text, "%u%s", number, mark + 1);
}

static char *repeat(const char *before, const char *unit, guint n, const char *after)
{
    GString *text = g_string_new(before);

    for (guint i = 0; i < n; i++)
        append_numbered(text, unit, i);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static void expect(const char *xml, gboolean good)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

    g_assert_cmpint(def != NULL, ==, good);
}

static void test_limits(void)
{
    g_autofree char *top = g_strdup_printf(TOP, "hvm", "");
    g_autofree char *devices = g_strconcat(top, "<devices>", NULL);
    g_autofree char *disk = g_strconcat(devices, "<disk><target dev='hda'/>", NULL);
    g_autofree char *metadata = g_strconcat(top, "<metadata>", NULL);
    const char *end = "</devices></domain>", *disk_end = "</disk></devices></domain>";
    gint64 start = g_get_monotonic_time();

    g_autofree char *many = repeat(devices,
                                   "<interface type='user'><mac address='00:16:3e:01:02:03'/>"
                                   "<target dev='t#'/></interface>",
                                   10000, end);
    expect(many, TRUE);
    g_autofree char *controllers = repeat(devices, "<controller type='scsi'/>", 10000, end);
    expect(controllers, TRUE);
    g_autofree char *unknown = repeat(disk, "<x#/>", 100000, disk_end);
    expect(unknown, TRUE);
    g_autofree char *repeated = repeat(disk, "<serial>s</serial>", 100000, disk_end);
    expect(repeated, TRUE);
    g_autofree char *attributes = repeat("<domain", " a#='1'", 50000, "/>");
    expect(attributes, FALSE);
    g_autofree char *nested = repeat(metadata, "<x>", 300, "");
    expect(nested, FALSE);
    g_autofree char *open = repeat("", "<domain>", 300, "");
    expect(open, FALSE);
    g_autofree char *deep = repeat(metadata, "<x>", 200, "");
    g_autofree char *closed = repeat(deep, "</x>", 200, "</metadata></domain>");
    expect(closed, TRUE);
    g_autofree char *huge = g_strnfill(17 * 1024 * 1024, ' ');
    expect(huge, FALSE);

    g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
}

/* ---- what only a running domain has, and what only its owner may see ---- */

static const char live_xml[] =
    "<domain type='xen' "
    "id='9'><name>x</name><memory>65536</memory><os><type>hvm</type></os><devices>"
    "<disk type='file'><source file='/a' index='2'/><target dev='hda'/><alias name='ide0'/></disk>"
    "<interface type='bridge'><source bridge='b'/><target dev='vif9.0'/><alias "
    "name='ua-net'/></interface>"
    "<serial type='pty'><source path='/dev/pts/7'/></serial>"
    "<graphics type='vnc' port='5905' autoport='yes' passwd='secret'/></devices></domain>";

static void assert_words(const DomainDef *def, DomainXmlFormatFlags flags, const char *const *with,
                         const char *const *without)
{
    g_autofree char *text = domain_def_format(def, flags);

    for (; *with != NULL; with++)
        if (strstr(text, *with) == NULL)
            g_error("%s is not in %s", *with, text);
    for (; *without != NULL; without++)
        if (strstr(text, *without) != NULL)
            g_error("%s is in %s", *without, text);
}

static void test_live(void)
{
    static const char *const live[] = { "id='9'",   "index='2'",  "'ide0'",      "'ua-net'",
                                        "'vif9.0'", "/dev/pts/7", "port='5905'", NULL };
    static const char *const secret[] = { "passwd='secret'", NULL };
    static const char *const kept[] = { "'ua-net'", "port='-1'", NULL };
    static const char *const live_only[] = {
        "id=", "index=", "'ide0'", "vif9", "pts", "5905", NULL
    };
    static const char *const none[] = { NULL };
    g_autoptr(GError) error = NULL;

    g_autoptr(DomainDef) def = domain_def_parse(live_xml, DOMAIN_XML_PARSE_NONE, &error);
    g_assert_no_error(error);
    assert_words(def, DOMAIN_XML_FORMAT_NONE, live, secret);
    assert_words(def, DOMAIN_XML_FORMAT_SECURE, secret, none);
    assert_words(def, DOMAIN_XML_FORMAT_INACTIVE, kept, live_only);
    g_assert_cmpint(def->id, ==, 9);

    g_autoptr(DomainDef) inactive = domain_def_parse(live_xml, DOMAIN_XML_PARSE_INACTIVE, &error);
    g_assert_no_error(error);
    assert_words(inactive, DOMAIN_XML_FORMAT_NONE, kept, live_only);
}

/* libvirt's names of disks and controllers. */
static void test_live_aliases(void)
{
    static const char xml[] =
        "<domain type='xen'><name>a</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        "<controller type='scsi' index='0' model='virtio-scsi'/>"
        "<controller type='scsi' index='1' model='lsilogic'/><controller type='usb' index='0'/>"
        "<disk><source file='/a'/><target dev='hdb'/></disk>"
        "<disk><source file='/b'/><target dev='vdc'/></disk>"
        "<disk><source file='/c'/><target dev='sda'/><address type='drive' controller='0' bus='0' "
        "target='2' unit='1'/></disk>"
        "<disk><source file='/d'/><target dev='sdj'/><address type='drive' controller='1' "
        "unit='3'/></disk>"
        "<disk><source file='/e'/><target dev='sdb' bus='usb'/></disk>"
        "<interface type='udp'><source address='127.0.0.1' port='1'><local address='127.0.0.1' "
        "port='2'/></source></interface></devices></domain>";
    static const char *const wanted[] = {
        "<alias name='ide0-0-1'/>",
        "<alias name='virtio-disk2'/>",
        "<alias name='scsi0-0-2-1'/>",
        "<alias name='scsi1-0-3'/>",
        "<alias name='usb-disk1'/>",
        "<alias name='ide'/>",
        "<alias name='usb'/>",
        "<alias name='scsi1'/>",
        "<alias name='xenbus0'/>",
        "<alias name='net0'/>",
        NULL,
    };
    static const char *const none[] = { "vif5.", NULL };
    const DomainLive live = { .domid = 5 };
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

    g_assert_no_error(error);
    domain_def_set_live(def, &live);
    assert_words(def, DOMAIN_XML_FORMAT_NONE, wanted, none);
}

static void test_set_live(void)
{
    static const char *const ifnames[] = { "tap7", NULL };
    static const char *const ttys[] = { "/dev/pts/3", NULL };
    static const char *const wanted[] = {
        "<domain type='xen' id='12'>",
        "<target dev='tap7'/>",
        "<target dev='vif12.1'/>",
        "<serial type='pty'>\n      <source path='/dev/pts/3'/>",
        "<console type='pty' tty='/dev/pts/3'>\n      <source path='/dev/pts/3'/>",
        "port='5911' autoport='yes'",
        "<alias name='net0'/>",
        "<alias name='serial0'/>",
        "<alias name='balloon0'/>",
        NULL,
    };
    static const char *const none[] = { NULL };
    const DomainLive live = {
        .domid = 12,
        .ifnames = ifnames,
        .serial_ttys = ttys,
        .vnc_address = "127.0.0.1",
        .vnc_port = 5911,
    };
    g_autofree char *xml =
        g_strdup_printf(TOP "<devices><interface type='bridge'><source "
                            "bridge='a'/></interface><interface type='bridge'>"
                            "<source bridge='a'/></interface><console type='pty'/><graphics "
                            "type='vnc'/></devices></domain>",
                        "hvm", "");
    g_autoptr(GError) error = NULL;

    g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);
    g_assert_no_error(error);
    g_autofree char *before = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
    domain_def_set_live(def, &live);
    assert_words(def, DOMAIN_XML_FORMAT_NONE, wanted, none);
    domain_def_set_live(def, &live); /* again, as after kanzend's restart */
    assert_words(def, DOMAIN_XML_FORMAT_NONE, wanted, none);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/tables", test_tables);
    g_test_add_func("/domain-xml/sizes", test_sizes);
    g_test_add_func("/domain-xml/escape", test_escape);
    g_test_add_func("/domain-xml/errors", test_errors);
    g_test_add_func("/domain-xml/documents", test_documents);
    g_test_add_func("/domain-xml/again", test_again);
    g_test_add_func("/domain-xml/validate", test_validate);
    g_test_add_func("/domain-xml/limits", test_limits);
    g_test_add_func("/domain-xml/live", test_live);
    g_test_add_func("/domain-xml/set-live", test_set_live);
    g_test_add_func("/domain-xml/live-aliases", test_live_aliases);
    return g_test_run();
}
