/* pages.c: the templates of pages/, as the build embeds them. */
#include "server/web/html.h"

static const char page_text[] = {
#include "page.html.inc"
};
static const char style_text[] = {
#include "style.css.inc"
};
static const char invite_text[] = {
#include "invite.html.inc"
};
static const char account_text[] = {
#include "account.html.inc"
};
static const char problem_text[] = {
#include "problem.html.inc"
};
static const char created_text[] = {
#include "created.html.inc"
};
static const char contact_text[] = {
#include "contact.html.inc"
};
static const char invalid_text[] = {
#include "invalid.html.inc"
};

#define VIEW(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

const struct str page_html = VIEW(page_text);
const struct str page_style = VIEW(style_text);
const struct str page_invite = VIEW(invite_text);
const struct str page_account = VIEW(account_text);
const struct str page_problem = VIEW(problem_text);
const struct str page_created = VIEW(created_text);
const struct str page_contact = VIEW(contact_text);
const struct str page_invalid = VIEW(invalid_text);
