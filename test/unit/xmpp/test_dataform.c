/* test_dataform.c: forms of XEP-0004 and what FORM_TYPE means in them (XEP-0068). */
#include "test/unit/xmpp/check_xml.h"

#include <string.h>

#include "xmpp/dataform.h"

#define IN_IQ(form) "<query xmlns='urn:example'>" form "</query>"

static const char submitted[] =
    IN_IQ("<title xmlns='urn:example'/>"
          "<x xmlns='jabber:x:data' type='submit'>"
          "<title>A form</title>"
          "<field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
          "<field var='with'><value>juliet@capulet.lit</value></field>"
          "<field xmlns='urn:example' var='other'><value>no</value></field>"
          "<field var='ids' type='list-multi'><value>a</value><value>b</value></field>"
          "<field var='empty'><value/></field>"
          "<field var='bare'/>"
          "<field var='with'><value>second</value></field>"
          "</x>");

static const struct {
    const char *var, *value; /* NULL: absent */
} values[] = {
    { "with", "juliet@capulet.lit" },  { "ids", "a" },    { "empty", "" },    { "bare", "" },
    { "FORM_TYPE", "urn:xmpp:mam:2" }, { "other", NULL }, { "absent", NULL }, { "", NULL },
};

static void submitted_fields_are_read(void **state)
{
    struct arena a = { 0 };
    struct dataform f;

    (void)state;
    assert_int_equal(dataform_read(&a, xml_of(&a, submitted), &f), ERR_NONE);
    check_str("type", f.type, "submit");
    check_str("form type", f.form_type, "urn:xmpp:mam:2");
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct str value = dataform_value(&a, &f, str_from(values[i].var));

        assert_int_equal(value.p != NULL, values[i].value != NULL);
        check_str(values[i].var, value, values[i].value ? values[i].value : "");
    }
    arena_deinit(&a);
}

static void fields_come_in_order(void **state)
{
    static const char *const vars[] = { "with", "ids", "empty", "bare", "with" };
    const struct xml_node *field = NULL;
    struct arena a = { 0 };
    struct dataform f;

    (void)state;
    assert_int_equal(dataform_read(&a, xml_of(&a, submitted), &f), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(vars); i++) {
        field = dataform_next_field(&f, field);
        assert_non_null(field);
        check_str("field", xml_get(field, STR("var")), vars[i]);
    }
    assert_null(dataform_next_field(&f, field));
    arena_deinit(&a);
}

static const struct {
    const char *xml;
    enum err err;
    const char *type, *form_type; /* NULL: none that counts */
} forms[] = {
    { IN_IQ(""), ERR_MISSING, NULL, NULL },
    { IN_IQ("<x xmlns='jabber:x:conference'/>"), ERR_MISSING, NULL, NULL },
    { IN_IQ("<x xmlns='jabber:x:data'/>"), ERR_MALFORMED, NULL, NULL },
    { IN_IQ("<x xmlns='jabber:x:data' type='send'/>"), ERR_MALFORMED, NULL, NULL },
    { IN_IQ("<x xmlns='jabber:x:data' type='cancel'/>"), ERR_NONE, "cancel", NULL },
    { IN_IQ("<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' "
            "type='hidden'><value>t</value></field></x>"),
      ERR_NONE, "form", "t" },
    { IN_IQ("<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' "
            "type='hidden'><value>t</value></field></x>"),
      ERR_NONE, "result", "t" },
    { IN_IQ("<x xmlns='jabber:x:data' type='result'><field "
            "var='FORM_TYPE'><value>t</value></field></x>"),
      ERR_NONE, "result", NULL },
    { IN_IQ("<x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='text-single'/></x>"),
      ERR_NONE, "form", NULL },
    { IN_IQ("<x xmlns='jabber:x:data' type='submit'/>"), ERR_NONE, "submit", NULL },
};

static void forms_have_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct arena a = { 0 };
        struct dataform f = { 0 };

        check_err(forms[i].xml, dataform_read(&a, xml_of(&a, forms[i].xml), &f), forms[i].err);
        check_str(forms[i].xml, f.type, forms[i].type ? forms[i].type : "");
        assert_int_equal(f.form_type.p != NULL, forms[i].form_type != NULL);
        check_str(forms[i].xml, f.form_type, forms[i].form_type ? forms[i].form_type : "");
        arena_deinit(&a);
    }
}

static void booleans_have_four_names(void **state)
{
    (void)state;
    for (int otherwise = 0; otherwise < 2; otherwise++) {
        assert_true(dataform_bool(STR("1"), otherwise));
        assert_true(dataform_bool(STR("true"), otherwise));
        assert_false(dataform_bool(STR("0"), otherwise));
        assert_false(dataform_bool(STR("false"), otherwise));
        assert_int_equal(dataform_bool(STR("TRUE"), otherwise), otherwise);
        assert_int_equal(dataform_bool(STR(""), otherwise), otherwise);
        assert_int_equal(dataform_bool(STR_NONE, otherwise), otherwise);
    }
}

static void forms_are_built(void **state)
{
    struct arena a = { 0 };
    struct xml_node *query = xml_new(&a, STR("urn:example"), STR("query"));
    struct xml_node *x = dataform_new(&a, query, STR("form"), STR(NS_MAM));
    struct dataform f;

    (void)state;
    dataform_field(&a, x, STR("with"), STR("jid-single"), STR("Who"), STR_NONE);
    xml_add_text_child(&a, dataform_field(&a, x, STR("ids"), STR_NONE, STR_NONE, STR("a")),
                       STR(NS_DATA), STR("value"), STR("b"));
    check_xml("form", query,
              IN_IQ("<x xmlns='jabber:x:data' type='form'>"
                    "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
                    "<field var='with' type='jid-single' label='Who'/>"
                    "<field var='ids'><value>a</value><value>b</value></field></x>"));
    assert_int_equal(dataform_read(&a, query, &f), ERR_NONE);
    check_str("read back", f.form_type, NS_MAM);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submitted_fields_are_read), cmocka_unit_test(fields_come_in_order),
        cmocka_unit_test(forms_have_types),          cmocka_unit_test(booleans_have_four_names),
        cmocka_unit_test(forms_are_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
