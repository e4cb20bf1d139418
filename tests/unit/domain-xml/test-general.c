/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a definition that is no device: what is refused of it, and why. Golden files show
 * what it becomes. */
#include "fixture.h"

#include <string.h>

#include "number-set.h"

/* A part of a domain, where it goes, and what is said of it. */
#define TOP "<domain type='xen'><name>x</name><memory>1048576</memory><os><type>%s</type></os>%s"
static const struct {
    const char *os_type;
    const char *part; /* of <domain> */
    int code;
    const char *message;
} errors[] = {
    { "hvm", "<maxMemory>9999999</maxMemory>", DOMAIN_XML_ERROR_SYNTAX,
      "both maximum memory size and memory slot count must be specified" },
    { "hvm", "<maxMemory slots='2'>1024</maxMemory>", DOMAIN_XML_ERROR_SYNTAX,
      "maximum memory size must be equal or greater than the actual memory size "
      "(/domain/maxMemory)" },
    { "hvm", "<memoryBacking><source type='tape'/></memoryBacking>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'type' in element 'source': 'tape' "
      "(/domain/memoryBacking/source/@type, line 1)" },
    { "hvm", "<memoryBacking><hugepages><page/></hugepages></memoryBacking>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'size' in element 'page' (/domain/memoryBacking/hugepages/page, "
      "line 1)" },
    { "hvm", "<memoryBacking><hugepages><page size='0'/></hugepages></memoryBacking>",
      DOMAIN_XML_ERROR_SYNTAX,
      "hugepage size can't be zero (/domain/memoryBacking/hugepages/page)" },
    { "hvm", "<numatune><memory mode='restrictive' nodeset='0'/></numatune>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'restrictive' is not supported (/domain/numatune/memory/@mode, line 1)" },
    { "hvm", "<numatune><memory nodeset='0-x'/></numatune>", DOMAIN_XML_ERROR_INVALID_ARG,
      "Failed to parse bitmap '0-x' (/domain/numatune/memory/@nodeset)" },
    { "hvm", "<numatune><memnode cellid='1' nodeset='0'/></numatune>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "memnode: there is no guest NUMA cell 1 (/domain/numatune/memnode/@cellid)" },
    { "hvm", "<cpu><numa><cell id='1' cpus='0' memory='4096'/></numa></cpu>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not "
      "starting from 0 are not allowed" },
    { "hvm", "<cpu><numa><cell cpus='-' memory='4096'/></numa></cpu>", DOMAIN_XML_ERROR_INVALID_ARG,
      "Failed to parse bitmap '-' (/domain/cpu/numa/cell/@cpus)" },

    { "xen", "<vcpus><vcpu id='1' enabled='yes'/></vcpus>", DOMAIN_XML_ERROR_SYNTAX,
      "vcpu '1' is not present in domain definition" },
    { "xen", "<vcpu>2</vcpu><vcpus><vcpu id='0' enabled='no'/><vcpu id='1' enabled='yes'/></vcpus>",
      DOMAIN_XML_ERROR_SYNTAX, "vcpu 0 can't be offline" },
    { "xen",
      "<vcpu>3</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/>"
      "<vcpu id='2' enabled='yes'/></vcpus>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/vcpus/vcpu: only the first vCPUs can be the enabled ones" },
    { "xen", "<iothreads>1025</iothreads>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'iothreads': '1025'. The value is too large (/domain/iothreads, "
      "line 1)" },
    { "xen", "<iothreadids><iothread id='3'/><iothread id='3'/></iothreadids>",
      DOMAIN_XML_ERROR_SYNTAX, "duplicate iothread id '3' found" },
    { "xen", "<iothreadids><iothread id='0'/></iothreadids>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for attribute 'id' in element 'iothread': '0'. Zero is not permitted "
      "(/domain/iothreadids/iothread/@id, line 1)" },
    { "xen", "<iothreads>1</iothreads><cputune><iothreadpin iothread='2' cpuset='0'/></cputune>",
      DOMAIN_XML_ERROR_SYNTAX, "Cannot find 'iothread' : 2" },
    { "xen", "<cputune><period>999</period></cputune>", DOMAIN_XML_ERROR_SYNTAX,
      "Value of cputune 'period' must be in range [1000, 1000000]" },
    { "xen", "<cputune><emulator_quota>5</emulator_quota></cputune>", DOMAIN_XML_ERROR_SYNTAX,
      "Value of cputune 'emulator_quota' must be in range [1000, 18446744073709551]" },
    { "xen", "<cputune><quota>99999999999999999999999999</quota></cputune>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'quota': '99999999999999999999999999'. Expected integer value "
      "(/domain/cputune/quota, line 1)" },
    { "xen", "<cputune><emulatorpin/></cputune>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'cpuset' in element 'emulatorpin' (/domain/cputune/emulatorpin, "
      "line 1)" },
    { "xen", "<cputune><vcpusched vcpus='0' scheduler='fifo'/></cputune>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing scheduler priority (/domain/cputune/vcpusched, line 1)" },
    { "xen", "<cputune><cachetune vcpus='0'/></cputune>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/cputune/cachetune is not supported (line 1)" },
    { "xen", "<blkiotune><device/></blkiotune>", DOMAIN_XML_ERROR_SYNTAX,
      "missing per-device path (/domain/blkiotune/device, line 1)" },
    { "xen", "<blkiotune><weight>1001</weight></blkiotune>", DOMAIN_XML_ERROR_SYNTAX,
      "Invalid value for element 'weight': '1001'. The value is too large "
      "(/domain/blkiotune/weight, "
      "line 1)" },
    { "xen", "<resource><partition>machine</partition></resource>", DOMAIN_XML_ERROR_SYNTAX,
      "Resource partition 'machine' must start with '/'" },
    { "xen", "<resource><partition>/../etc</partition></resource>", DOMAIN_XML_ERROR_SYNTAX,
      "Resource partition '/../etc' must start with '/'" },

    { "hvm", "<features><hyperv><spinlocks state='on' retries='1'/></hyperv></features>",
      DOMAIN_XML_ERROR_SYNTAX,
      "HyperV spinlock retry count must be at least 4095 (/domain/features/hyperv, line 1)" },
    { "hvm", "<features><hyperv><vendor_id state='on' value='a,b'/></hyperv></features>",
      DOMAIN_XML_ERROR_SYNTAX,
      "HyperV vendor_id value must be of at most 12 characters and without a comma "
      "(/domain/features/hyperv, line 1)" },
    { "hvm", "<features><kvm><dirty-ring state='on' size='5000'/></kvm></features>",
      DOMAIN_XML_ERROR_SYNTAX,
      "dirty ring must be power of 2 and ranges [1024, 65536] (/domain/features/kvm, line 1)" },
    { "hvm", "<features><ioapic/></features>", DOMAIN_XML_ERROR_SYNTAX,
      "Missing required attribute 'driver' in element 'ioapic' (/domain/features/ioapic, line 1)" },
    { "hvm", "<features><gic version='2'/></features>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/features/gic is not supported (line 1)" },
    { "hvm", "<features><smm><tseg unit='MiB'>4</tseg></smm></features>",
      DOMAIN_XML_ERROR_UNSUPPORTED, "/domain/features/smm/tseg is not supported (line 1)" },
    { "hvm", "<cpu><cache level='2' mode='emulate'/></cpu>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported CPU cache level for mode 'emulate' (/domain/cpu/cache)" },
    { "hvm", "<cpu mode='host-model'><cache mode='passthrough'/></cpu>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "CPU cache mode 'passthrough' can only be used with 'host-passthrough' CPUs "
      "(/domain/cpu/cache)" },

    { "xen", "<clock offset='timezone'/>", DOMAIN_XML_ERROR_SYNTAX,
      "missing 'timezone' attribute for clock with offset='timezone'" },
    { "xen", "<clock offset='absolute'/>", DOMAIN_XML_ERROR_SYNTAX,
      "missing 'start' attribute for clock with offset='absolute'" },
    { "xen", "<clock offset='absolute' start='-5'/>", DOMAIN_XML_ERROR_SYNTAX,
      "clock start '-5' is out of range" },
    { "hvm", "<clock><timer name='rtc' tickpolicy='merge'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported rtc timer tickpolicy 'merge' (/domain/clock/timer[@name='rtc']/@tickpolicy)" },
    { "hvm", "<clock><timer name='rtc' track='boot'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported rtc timer track 'boot' (/domain/clock/timer[@name='rtc']/@track)" },
    { "hvm", "<clock><timer name='rtc' present='no'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "a machine without a 'rtc' timer (/domain/clock/timer[1]/@present)" },
    { "hvm", "<clock><timer name='platform'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported timer type (name) 'platform' (/domain/clock/timer[1]/@name)" },
    { "hvm", "<clock><timer name='tsc' mode='emulate'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported tsc timer mode 'emulate' (/domain/clock/timer[@name='tsc']/@mode)" },
    { "xen", "<clock><timer name='tsc' mode='paravirt'/></clock>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "unsupported tsc timer mode 'paravirt' (/domain/clock/timer[@name='tsc']/@mode)" },

    { "hvm", "<sysinfo type='fwcfg'><entry name='etc/x'>y</entry></sysinfo>",
      DOMAIN_XML_ERROR_SYNTAX, "Invalid firmware name 'etc/x'" },
    { "hvm", "<sysinfo type='fwcfg'><entry name='opt/x'/></sysinfo>", DOMAIN_XML_ERROR_SYNTAX,
      "Firmware entry must have a name and either value or 'file' attribute" },
    { "xen", "<perf><event name='mbmt' enabled='yes'/></perf>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "performance event 'mbmt' is not supported (/domain/perf/event[1])" },
    { "xen", "<perf><event name='naps' enabled='no'/></perf>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "performance event 'naps' is not supported (/domain/perf/event[1])" },
    { "xen",
      "<perf><event name='page_faults' enabled='yes'/><event name='page_faults' "
      "enabled='no'/></perf>",
      DOMAIN_XML_ERROR_SYNTAX,
      "perf event 'page_faults' was already specified (/domain/perf/event[2])" },
    { "xen", "<seclabel type='static' model='selinux'><label>x</label></seclabel>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "Unable to find security driver for model selinux (/domain/seclabel[1])" },
    { "xen", "<launchSecurity type='sev'/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/launchSecurity is not supported (line 1)" },
    { "xen", "<keywrap/>", DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/keywrap is not supported (line 1)" },
    { "xen",
      "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:env name='1='/>"
      "</q:commandline>",
      DOMAIN_XML_ERROR_SYNTAX,
      "Invalid environment name '1=' (/domain/q:commandline/q:env, line 1)" },
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

/* The emulator's own arguments are for those only whose administrator said so. */
static void test_arguments(void)
{
    static const char *const parts[] = {
        "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-S'/>"
        "</q:commandline>",
        "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:env name='A'/>"
        "</q:commandline>",
        "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/xen/1.0'><q:arg value='-S'/>"
        "</q:commandline>",
    };
    DomainXmlCaps caps = test_caps;

    caps.allow_arguments = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *xml = g_strdup_printf(TOP "</domain>", "hvm", parts[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) allowed = test_define(xml, &test_caps, &error);

        g_assert_no_error(error);
        g_autoptr(DomainDef) refused = test_define(xml, &caps, &error);
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, "commandline is not enabled"));
    }
}

static void test_number_sets(void)
{
    static const struct {
        const char *text, *set;
    } rows[] = {
        { "0", "0" },         { "0-3,^2", "0-1,3" },
        { "3,1,2", "1-3" },   { " 5 , 7-9 ", "5,7-9" },
        { "65535", "65535" }, { "0-65535", "0-65535" },
        { "65536", NULL },    { "1,", NULL },
        { "", NULL },         { "^1", NULL },
        { "2-1", NULL },      { "a", NULL },
        { "1-", NULL },       { "1 2", NULL },
        { "-1", NULL },       { "99999999999999999999", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *set = number_set_normalise(rows[i].text);

        g_test_message("'%s'", rows[i].text);
        g_assert_cmpstr(set, ==, rows[i].set);
    }
}

/* What one part says by saying another. */
static void test_completion(void)
{
    static const struct {
        const char *part, *shown;
    } rows[] = {
        { "<genid/>", "<genid>" },
        { "<cpu><numa><cell cpus='0' memory='2' unit='GiB'/></numa></cpu>",
          "<memory unit='KiB'>2097152</memory>" },
        { "<iothreadids><iothread id='4'/><iothread id='7'/></iothreadids>",
          "<iothreads>2</iothreads>" },
        { "<vcpu>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='3' enabled='no'/></vcpus>",
          "<vcpu placement='static' current='1'>4</vcpu>" },
        { "<vcpu cpuset='0-3,^1'>1</vcpu>", "cpuset='0,2-3'" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml = g_strdup_printf(TOP "</domain>", "hvm", rows[i].part);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

        g_assert_no_error(error);
        g_autofree char *text = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, rows[i].shown));
    }
}

/* Where a UEFI guest's variables are is said when it is defined. */
static void test_nvram(void)
{
    static const struct {
        const char *os, *nvram; /* NULL: none */
    } rows[] = {
        { "<os firmware='efi'><type>hvm</type></os>", "/nv/x_VARS.fd" },
        { "<os><type>hvm</type><loader type='pflash'>/c.fd</loader></os>", "/nv/x_VARS.fd" },
        { "<os><type>hvm</type><loader>/usr/share/ovmf/OVMF.fd</loader></os>", "/nv/x_VARS.fd" },
        { "<os firmware='efi'><type>hvm</type><nvram>/mine</nvram></os>", "/mine" },
        { "<os firmware='efi'><type>hvm</type><nvram type='file'><source file='/m'/></nvram></os>",
          NULL },
        { "<os firmware='bios'><type>hvm</type></os>", NULL },
        { "<os><type>hvm</type></os>", NULL },
        { "<os><type>xen</type><kernel>/k</kernel></os>", NULL },
    };
    DomainXmlCaps caps = test_caps;

    caps.nvram_dir = "/nv";
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml = g_strdup_printf(
            "<domain type='xen'><name>x</name><memory>65536</memory>%s</domain>", rows[i].os);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(xml, &caps, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(def->nvram, ==, rows[i].nvram);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/general/errors", test_errors);
    g_test_add_func("/domain-xml/general/arguments", test_arguments);
    g_test_add_func("/domain-xml/general/number-sets", test_number_sets);
    g_test_add_func("/domain-xml/general/completion", test_completion);
    g_test_add_func("/domain-xml/general/nvram", test_nvram);
    return g_test_run();
}
