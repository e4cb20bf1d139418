/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces that are virtual functions of a network card: what is refused of them, how they look
 * while the domain runs, and as Xen's configuration. Golden files have the rest. */
#include "fixture.h"

#include <string.h>

#define XML                                                                                        \
    "<domain type='xen'><name>x</name><memory>65536</memory><os><type>%s</type></os>"              \
    "<devices>%s</devices></domain>"
#define SOURCE         "<source><address type='pci' domain='0' bus='3' slot='16' function='1'/></source>"
#define FUNCTION(more) "<interface type='hostdev'>" SOURCE more "</interface>"
#define UNFIT(what)                                                                                \
    "/domain/devices/interface[1]: " what " is not supported for network interfaces of type "      \
                                          "hostdev"

static DomainDef *define(const char *type, const char *devices, GError **error)
{
    g_autofree char *xml = g_strdup_printf(XML, type, devices);

    return test_define(xml, &test_caps, error);
}

static const struct {
    const char *type, *devices;
    int code;
    const char *message;
} errors[] = {
    { "hvm", "<interface type='hostdev'/>", DOMAIN_XML_ERROR_SYNTAX,
      "No <source> 'address' specified with <interface type='hostdev'/> "
      "(/domain/devices/interface, line 1)" },
    { "hvm",
      "<interface type='hostdev'><source><address type='usb' bus='1' "
      "port='2'/></source></interface>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "'usb' is not supported (/domain/devices/interface/source/address/@type, line 1)" },
    { "hvm", "<interface type='bridge' managed='yes'><source bridge='b'/></interface>",
      DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/interface/@managed is not supported (line 1)" },
    { "hvm", "<interface type='hostdev' managed='maybe'>" SOURCE "</interface>",
      DOMAIN_XML_ERROR_SYNTAX, NULL },
    { "linux", FUNCTION(""), DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/interface[1]: interfaces of type hostdev are for hvm domains only: there is "
      "no PCI passthrough to others" },
    { "hvm", FUNCTION("<filterref filter='clean-traffic'/>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      "filterref is not supported for network interfaces of type hostdev "
      "(/domain/devices/interface, line 1)" },
    { "hvm", FUNCTION("<virtualport type='openvswitch'/>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      UNFIT("virtualport") },
    { "hvm", FUNCTION("<bandwidth><inbound average='1'/></bandwidth>"),
      DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("bandwidth") },
    { "hvm", FUNCTION("<ip address='192.0.2.1'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("ip") },
    { "hvm", FUNCTION("<script path='/s'/>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      "specifying a script is only supported with interface types bridge and ethernet "
      "(/domain/devices/interface[1]/script)" },
    { "hvm", FUNCTION("<target dev='tap7'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("target") },
    { "hvm", FUNCTION("<driver queues='4'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("driver") },
    { "hvm", FUNCTION("<tune><sndbuf>1600</sndbuf></tune>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      UNFIT("tune") },
    { "hvm", FUNCTION("<link state='down'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("link") },
    { "hvm", FUNCTION("<mtu size='9000'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("mtu") },
    { "hvm", FUNCTION("<port isolated='yes'/>"), DOMAIN_XML_ERROR_UNSUPPORTED, UNFIT("port") },
    { "hvm", FUNCTION("<vlan trunk='yes'><tag id='1'/></vlan>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/interface[1]: vlan trunking is not supported by SR-IOV network devices" },
    { "hvm", FUNCTION("<vlan><tag id='1'/><tag id='2'/></vlan>"), DOMAIN_XML_ERROR_UNSUPPORTED,
      "/domain/devices/interface[1]: only one vlan tag is supported by SR-IOV network devices" },
};

static void test_errors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = define(errors[i].type, errors[i].devices, &error);

        g_test_message("%s", errors[i].devices);
        g_assert_null(def);
        g_assert_error(error, DOMAIN_XML_ERROR, errors[i].code);
        if (errors[i].message != NULL)
            g_assert_cmpstr(error->message, ==, errors[i].message);
    }
}

/* A function has no interface on the host, and its alias is one of the host's devices'; those after
 * it keep their places. */
static void test_live(void)
{
    static const char *const ifnames[] = { "", "vif7.1", NULL };
    const DomainLive live = { .domid = 7, .ifnames = ifnames };
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def =
        define("hvm",
               FUNCTION("") "<interface type='bridge'><source bridge='b'/></interface>"
                            "<hostdev type='pci'><source><address bus='4' slot='0' "
                            "function='0'/></source></hostdev>",
               &error);
    const DomainInterface *function, *bridged;
    const DomainHostdev *hostdev;

    g_assert_no_error(error);
    domain_def_set_live(def, &live);
    function = def->interfaces->pdata[0];
    bridged = def->interfaces->pdata[1];
    hostdev = def->hostdevs->pdata[0];
    g_assert_null(function->target);
    g_assert_cmpstr(function->info.alias, ==, "hostdev0");
    g_assert_cmpstr(hostdev->info.alias, ==, "hostdev1");
    g_assert_cmpstr(bridged->target, ==, "vif7.1");
    g_assert_cmpstr(bridged->info.alias, ==, "net1");
}

/* What a pool has lent goes when the domain ends; its own definition does not know of it. */
static void test_of_a_pool(void)
{
    static const char kept[] =
        "<domain type='xen' id='3'><name>x</name><memory>65536</memory><os><type>hvm</type></os>"
        "<devices><interface type='network'><mac address='00:16:3e:00:00:01'/>"
        "<source network='pool' portid='p'/><actual managed='yes' driver='vfio'><address "
        "type='pci' "
        "domain='0x0000' bus='0x03' slot='0x10' "
        "function='0x1'/></actual></interface></devices></domain>";
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) live = domain_def_parse(kept, DOMAIN_XML_PARSE_NONE, &error);
    g_autoptr(DomainDef) inactive = domain_def_parse(kept, DOMAIN_XML_PARSE_INACTIVE, NULL);
    const DomainInterface *interface;

    g_assert_no_error(error);
    g_autofree char *text = domain_def_format(live, DOMAIN_XML_FORMAT_NONE);
    g_autoptr(DomainDef) again = domain_def_parse(text, DOMAIN_XML_PARSE_NONE, &error);
    g_assert_no_error(error);
    g_autofree char *same = domain_def_format(again, DOMAIN_XML_FORMAT_NONE);
    g_assert_cmpstr(text, ==, same);
    g_assert_nonnull(strstr(text, "<actual managed='yes' driver='vfio'>"));
    g_assert_nonnull(strstr(text, "bus='0x03' slot='0x10' function='0x1'"));

    g_autoptr(KxlDomainConfig) config = domain_def_to_config(again, &error);
    g_assert_no_error(error);
    const KxlDeviceNic *nic = config->nics->pdata[0];
    g_assert_cmpint(nic->kind, ==, KXL_NIC_FUNCTION);
    g_assert_true(nic->pci.managed);
    g_assert_cmpuint(nic->pci.dev, ==, 0x10);
    g_assert_cmpstr(nic->network, ==, "pool");

    interface = inactive->interfaces->pdata[0];
    g_assert_null(interface->function);
    g_assert_null(interface->function_driver);
    g_assert_cmpint(interface->managed, ==, DOMAIN_ABSENT);
}

/* Xen has no words for their MAC addresses: devices like any other. */
static void test_native(void)
{
    static const char *const formats[] = { "xen-xl", "xen-xm" };
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def =
        define("hvm",
               FUNCTION("") "<interface type='bridge'><mac address='00:16:3e:00:00:02'/>"
                            "<source bridge='b'/></interface>",
               &error);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *text = domain_def_to_native(def, formats[i], &error);

        g_assert_no_error(error);
        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, "pci = [ \"0000:03:10.1\" ]"));
        g_assert_nonnull(strstr(text, "vif = [ \"mac=00:16:3e:00:00:02,bridge=b"));
        g_assert_null(strstr(strstr(text, "vif = ") + 1, "vif"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/function/errors", test_errors);
    g_test_add_func("/domain-xml/function/live", test_live);
    g_test_add_func("/domain-xml/function/of-a-pool", test_of_a_pool);
    g_test_add_func("/domain-xml/function/native", test_native);
    return g_test_run();
}
