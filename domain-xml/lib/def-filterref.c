/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <filterref>, as interfaces, network filters and their bindings have it. */
#include <string.h>

#include "def-classes.h"
#include "domain-xml.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

#define F(field) offsetof(DomainFilterParameter, field)
static const XmlRow parameter_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@value", XML_STRING, F(value), XML_REQUIRED },
};
#undef F

static gboolean is_made_of(const char *text, const char *characters)
{
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

/* Values end up in the rules of a firewall, so what they are made of matters. */
static gboolean parameter_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainFilterParameter *parameter = object;

    if (!is_made_of(parameter->name, LETTERS_AND_DIGITS "_")) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "name",
                  "'%s' cannot be the name of a filter's variable", parameter->name);
        return FALSE;
    }
    if (!is_made_of(parameter->value, LETTERS_AND_DIGITS "_.:-+")) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "value",
                  "'%s' cannot be the value of a filter's variable", parameter->value);
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_filter_parameter_class, DomainFilterParameter, parameter_rows,
                 parameter_check)

#define F(field) offsetof(DomainFilterRef, field)
static const XmlRow filterref_rows[] = {
    { "@filter", XML_STRING, F(filter), XML_REQUIRED },
    { "parameter", XML_LIST, F(parameters), .item = &domain_filter_parameter_class },
};
#undef F

static int compare_names(gconstpointer a, gconstpointer b)
{
    const DomainFilterParameter *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* libvirt shows them by name; the values of one name keep their order, as GLib's sort is stable. */
static gboolean filterref_check(gpointer object, xmlNodePtr node, GError **error)
{
    g_ptr_array_sort(((DomainFilterRef *)object)->parameters, compare_names);
    return TRUE;
}
XML_CLASS_DEFINE(domain_filterref_class, DomainFilterRef, filterref_rows, filterref_check)
