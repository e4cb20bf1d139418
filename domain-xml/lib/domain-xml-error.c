/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain of domain-xml/. */
#include "domain-xml.h"

G_DEFINE_QUARK(domain - xml - error - quark, domain_xml_error)
