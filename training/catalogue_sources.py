"""The packages that ``training.catalogues`` reads, and the rules that say what their messages are.

A block of rules has a line ``code kind`` and, indented below it, the ids of messages: the English text in most gettext
catalogues (``context|text`` where it has a context), a key elsewhere. ``-> slot, slot`` after an id says what its first,
second … placeholder is, where the catalogue does not name it; what is no slot stands for itself. Only ids whose class is
sure, wherever the string stands on a page, belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from training.corpus import KINDS


@dataclass(frozen=True)
class Rule:
    """What a message is: label and kind as in ``training.corpus.KINDS``, and what its placeholders stand for."""

    label: str
    kind: str
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Some files of a package that are read alike.

    Attributes:
        files: a regular expression for their whole paths; its group ``lang`` is the language.
        format: how they are read.
        rules: what each message is, by its id.
        english: ``lang`` of the English file; "" where the ids are English themselves.
        plural: what separates the plural forms that stand in one message, or "".
    """

    files: str
    format: Literal["gettext", "json", "yaml", "pairs", "php", "by_language"]
    rules: Mapping[str, Rule]
    english: str = ""
    plural: str = ""


@dataclass(frozen=True)
class Source:
    """A package of a registry, pinned."""

    registry: Literal["pypi", "npm", "debian"]
    package: str
    version: str
    sha256: str
    licence: str
    catalogues: tuple[Catalogue, ...]
    #: Path of an archive inside the package that holds the catalogues, or "".
    inner: str = ""


def rules(text: str) -> dict[str, Rule]:
    """Return the rules of a block.

    Raises:
        ValueError: a heading is no code and kind, or an id stands twice.
    """
    made: dict[str, Rule] = {}
    label = kind = ""
    for row in text.splitlines():
        if not row.strip():
            continue
        if not row.startswith("    "):
            label, _, kind = row.strip().partition(" ")
            if kind not in KINDS.get(label, ()):
                raise ValueError(f"{row!r} is no code and kind")
            continue
        key, _, slots = row.strip().partition(" -> ")
        if key in made:
            raise ValueError(f"{key!r} has two rules")
        made[key] = Rule(label, kind, tuple(slots.split(", ")) if slots else ())
    return made


_WORDPRESS = rules("""
F form_heading
    Leave a Reply
    Leave a Reply to %s -> name
    Leave a Comment
    Leave a comment
    Your Comment
F comment_action
    Reply
    Cancel reply
    Click here to cancel reply.
    Log in to Reply
    Log in to leave a Comment
    &laquo; Older Comments
    Newer Comments &raquo;
    Show more comments
    Logged in as <a href="%1$s">%2$s</a>. -> , name
    Logged in as <a href="%1$s">%2$s</a>. <a href="%3$s" title="Log out of this account">Log out?</a> -> , name
    Reply to Comment
    Submit Reply
    Reply to this comment
F form_button
    Post Comment
    Submit Comment
F form_field
    noun|Comment
    Website
    Mail (will not be published)
F form_rule
    Your email address will not be published.
    Required fields are marked %s -> *
    Comments are closed.
    Your comment is awaiting moderation.
    You must be <a href="%s">logged in</a> to post a comment.
    You must be registered to comment
    Enter your password to view comments.
    Protected Comments: Please enter your password to view comments.
    This post is password protected. Enter the password to view comments.
    Comment author name and email are required
    Duplicate comment detected; it looks as though you&#8217;ve already said that!
    You are posting comments too quickly. Slow down.
    <strong>ERROR</strong>: please fill the required fields (name, email).
    Error: please fill the required fields (name, email).
    <strong>ERROR</strong>: please type a comment.
    Error: please type a comment.
    <strong>ERROR</strong>: The comment could not be saved. Please try again later.
F comment_count
    No Comments
    1 Comment
    No comments yet.
    No more comments found.
    Comments
    Comments Off
    %s Comment -> n
    Comments on &#8220;%s&#8221; -> title
N pagination
    &laquo; Previous Page
    Next Page &raquo;
    &laquo; Previous
    Next &raquo;
    Next &gt;
    Next page
    Previous page
    Next Post
    Previous Post
    Next page...
    Go to the next page
    Go to the previous page
N menu
    Archives
    Categories
    All Categories
    Select Category
    Navigation Menu
    Show menu
    Menu
    nav menu home label|Home
    nav menu front page title|Home: %s -> site
    Tag Cloud
    You are currently browsing the archives for the %s category. -> title
    Read more...
N related
    Recent Posts
    Recent Comments
N search
    Search
    submit button|Search
    label|Search for:
    placeholder|Search &hellip;
    Search for:
    Search Results
    Search results for &#8220;%s&#8221; -> title
    search results|No results found.
N login
    Log In
    Log in
    Lost your password?
    Register
    Register For This Site
    Remember Me
    Please log in again.
    You have logged in successfully.
    Your session has expired. You can log in again from this page or go to the login page.
    Session expired. Please log in again. You will not move away from this page.
N footer
    Powered by WordPress
    Powered by WordPress, state-of-the-art semantic personal publishing platform.
    %1$s is proudly powered by %2$s -> site, WordPress
    Comments <abbr title="Really Simple Syndication">RSS</abbr>
    Entries <abbr title="Really Simple Syndication">RSS</abbr>
    Comments (RSS)
    Entries (RSS)
N skip
    Skip to toolbar
N widget
    Page not found
    JavaScript must be enabled to use this feature.
""")

_MEDIAWIKI = rules("""
N menu
    navigation
    navigation-heading
    actions
    namespaces
    help
    history
    views
    toolbox
    personaltools
    printableversion
    permalink
    viewhelppage
    viewtalkpage
    categorypage
    mainpage
    mainpage-description
    portal
    currentevents
    randompage
    recentchanges
    recentchangeslinked-toolbox
    whatlinkshere
    specialpages
    newpages
    allarticles
    allpages
    mywatchlist
    mypreferences
    mycontris
    viewsource
    viewsourcelink
    editsection
    edithelp
    nstab-main
    nstab-special
    nstab-project
    nstab-template
    nstab-help
    nstab-category
    toc
    showtoc
    hidetoc
    site-rss-feed -> site
    site-atom-feed -> site
    page-rss-feed -> title
    upload
    vector-view-edit
    vector-view-history
    vector-view-view
    vector-view-viewsource
    vector-more-actions
    vector-action-addsection
    vector-toc-heading
    vector-main-menu-tooltip
    vector-toc-menu-tooltip
    vector-action-toggle-sidebar
    vector-article-tools-nav-label
    vector-anon-user-menu-pages
    vector-anon-user-menu-pages-learn
    mobile-frontend-main-menu-button-tooltip
    mobile-frontend-main-menu-nearby
    mobile-frontend-main-menu-settings
    mobile-frontend-main-menu-watchlist
    mobile-frontend-random-button
    minerva-page-actions-backlinks
    minerva-page-actions-info
    minerva-page-actions-permalink
    minerva-page-actions-cite
    minerva-talk-add-topic
    minerva-download
    timeless-sitetools
    timeless-pageactions
    timeless-userpagetools
    timeless-projects
    monobook-jumptotop
N language
    otherlanguages
    vector-languages
    vector-language-button-label
    vector-language-variant-switcher-label
    vector-no-language-button-label
    mobile-frontend-languages-not-available
    pagelang-select-lang
N search
    search
    searchbutton
    searcharticle
    searchresults
    searchresults-title -> title
    search-nonefound
    powersearch-legend
    powersearch-ns
    searchprofile-articles
    searchprofile-advanced
    searchsuggest-search
    searchsuggest-containing
    search-suggest -> title
    vector-search-loader
    mobile-frontend-placeholder
N login
    login
    logout
    pt-login
    pt-login-button
    pt-createaccount
    pt-userlogout
    createaccount
    nav-login-createaccount
    notloggedin
    yourname
    yourpassword
    yourpasswordagain
    userlogin-yourname
    userlogin-yourname-ph
    userlogin-yourpassword
    userlogin-yourpassword-ph
    userlogin-remembermypassword
    userlogin-noaccount
    userlogin-joinproject
    userlogin-resetpassword-link
    userlogin-helplink2
    createacct-yourpassword-ph
    createacct-yourpasswordagain
    createacct-yourpasswordagain-ph
    createacct-submit
    passwordreset
    loginreqtitle
    mobile-frontend-main-menu-login
    mobile-frontend-main-menu-logout
N pagination
    prevn -> n
    nextn -> n
    prev-page
    next-page
    pager-newer-n -> n
    pager-older-n -> n
    previousrevision
    nextrevision
N footer
    privacy
    disclaimers
    aboutsite
    lastmodifiedat -> date, time
    minerva-last-modified-date -> date, time
    copyright -> CC BY-SA
    retrievedfrom -> https://example.org/
N widget
    redirectedfrom -> title
    returnto -> title
N skip
    vector-jumptonavigation
    vector-jumptosearch
    vector-jumptocontent
    monobook-jumptonavigation
    monobook-jumptosearch
    jumpto
F form_field
    emailsubject
    emailmessage
    feedback-subject
    feedback-message
F form_button
    emailsend
    feedback-submit
F captcha
    captcha-edit-fail
    captcha-createaccount-fail
    fancycaptcha-captcha
    fancycaptcha-imgcaptcha-ph
""")

_DOKUWIKI = rules("""
N menu
    btn_edit
    btn_source
    btn_show
    btn_top
    btn_revs
    btn_recent
    btn_index
    btn_backlink
    btn_media
    user_tools
    site_tools
    page_tools
    toc
    sidebar
    youarehere
    breadcrumb
N search
    btn_search
    nothingfound
    searchresult
    search_sort_by_hits
    search_sort_by_mtime
N login
    btn_login
    btn_logout
    btn_register
    btn_profile
    btn_resendpwd
    user
    pass
    remember
N footer
    lastmod
N pagination
    btn_newer
    btn_older
N skip
    skip_to_content
""")

_PLONE = rules("""
F form_heading
    Add a comment
    heading_contact_form
F comment_count
    Comments
F form_button
    add_comment_button
    label_add_comment
    label_send
F form_field
    label_comment
    label_subject
    label_message
    label_sender_fullname
F captcha
    label_captcha
F comment_action
    label_reply
    comment_edit_notification
    comment_edit_cancel_notification
    edit_comment_form_title
F form_rule
    comment_description_plain_text
    comment_description_intelligent_text
    comment_description_markdown
    comment_description_moderation_enabled
    Your comment awaits moderator approval.
    Notify me of new comments via email.
    description_contact_site_owner
    description_contact_site_owner_success
    label_login_to_add_comments
    label_login_to_send_feedback
    label_commenting_disabled
N login
    Log in
    Log out
    box_sign_in
    box_forgot_password_option
    box_new_user_option
    heading_sign_in
    label_log_in
    label_login_name
    label_password
    label_remember_my_name
    Login failed
    You are now logged out.
    You have been logged out.
    You must enable cookies before you can log in.
    Please enter your login name.
    Please enter your password.
    description_you_can_log_on_now
    description_enable_cookies_to_stay_logged_in
    heading_new_user
    heading_lost_password
    footer_login_link_signup
    heading_registration_form
    label_register
N search
    Search
    Search results
    Search results for ${term}
    box_search
    label_quick_search
    label_search
    text_search
    sort_by
    heading_search_results
    label_advanced_search
    label_show_all
    description_no_results_found
    batch_x_items_matching_your_criteria
N pagination
    batch_next_x_items
    batch_previous_x_items
    batch_first_item
    batch_last_item
    label_next_item
    label_previous_item
N menu
    Home
    breadcrumb
    heading_sections
    box_recent_changes
    label_toggle_navigation
    label_tableofcontents
    label_home
    label_homepage
    heading_add_to_calendar
    label_site_map
    Print this page
    Send this page to somebody
    heading_send_page_to
N related
    label_related_items
    box_more_news_link
N language
    box_languages
    label_languages
    heading_available_languages
N footer
    heading_accessibility_info
    heading_accessibility_statement
""")

_NIKOLA = rules("""
N pagination
    Newer posts
    Older posts
    Next post
    Previous post
    old posts, page %d
    page %d
N language
    Languages:
    Also available in:
    Read in English
N menu
    Archive
    Categories
    Subcategories:
    Tags and Categories
    Toggle navigation
    Atom feed
    RSS feed
    Authors
    Read more
N related
    More posts about %s -> title
N search
    Nothing found.
    No posts found.
N skip
    Skip to main content
F comment_count
    Comments
""")

_SPHINX = rules("""
N menu
    Table of Contents
    Complete Table of Contents
    Navigation
    This Page
    Show Source
    Global Module Index
    General Index
    Full index on one page
    Index pages by letter
    Collapse sidebar
    Expand sidebar
    Indices and tables:
    About these documents
N pagination
    Previous topic
    Next topic
    previous chapter
    next chapter
    previous
    next
N search
    Search
    Quick search
    Search Page
    Search Results
    Searching
    Preparing search...
    Search %(docstitle)s
    search this documentation
    search
    Hide Search Matches
    Go
N footer
    Last updated on %(last_updated)s. -> date
""")

_MATERIAL = rules("""
N menu
    action.edit
    action.view
    blog.archive
    blog.categories
    blog.index
    blog.continue
    toc
    nav
    tabs
    top
    source
    select.version
    clipboard.copy
    clipboard.copied
    announce.dismiss
    rss.created
    rss.updated
N pagination
    footer.next
    footer.previous
N language
    select.language
N search
    search
    search.placeholder
    search.reset
    search.result.initializer
    search.result.placeholder
    search.result.none
    search.result.one
    search.result.more.one
N share
    search.share
N consent
    consent.accept
    consent.manage
    consent.reject
N skip
    action.skip
F comment_count
    meta.comments
""")

_DOCUSAURUS = rules("""
N menu
    theme.BackToTopButton.buttonAriaLabel
    theme.CodeBlock.copied
    theme.CodeBlock.copy
    theme.CodeBlock.copyButtonAriaLabel
    theme.CodeBlock.wordWrapToggle
    theme.TOCCollapsible.toggleButtonLabel
    theme.blog.archive.title
    theme.blog.authorsList.viewAll
    theme.blog.post.readMore
    theme.blog.post.readMoreLabel
    theme.blog.sidebar.navAriaLabel
    theme.common.editThisPage
    theme.docs.breadcrumbs.home
    theme.docs.breadcrumbs.navAriaLabel
    theme.docs.sidebar.closeSidebarButtonAriaLabel
    theme.docs.sidebar.collapseButtonTitle
    theme.docs.sidebar.expandButtonTitle
    theme.docs.sidebar.navAriaLabel
    theme.docs.sidebar.toggleSidebarButtonAriaLabel
    theme.navbar.mobileSidebarSecondaryMenu.backButtonLabel
    theme.navbar.mobileVersionsDropdown.label
    theme.tags.tagsPageLink
    theme.common.headingLinkTitle
N language
    theme.navbar.mobileLanguageDropdown.label
N pagination
    theme.blog.paginator.newerEntries
    theme.blog.paginator.olderEntries
    theme.blog.post.paginator.newerPost
    theme.blog.post.paginator.olderPost
    theme.blog.paginator.navAriaLabel
    theme.docs.paginator.next
    theme.docs.paginator.previous
    theme.docs.paginator.navAriaLabel
N search
    theme.SearchBar.label
    theme.SearchBar.seeAll
    theme.SearchModal.footer.searchByText
    theme.SearchModal.footer.backToSearchText
    theme.SearchModal.noResultsScreen.noResultsText
    theme.SearchModal.noResultsScreen.suggestedQueryText
    theme.SearchModal.noResultsScreen.reportMissingResultsText
    theme.SearchModal.placeholder
    theme.SearchModal.resultsScreen.askAiPlaceholder
    theme.SearchModal.searchBox.placeholderText
    theme.SearchModal.searchBox.resetButtonTitle
    theme.SearchModal.startScreen.noRecentSearchesText
    theme.SearchPage.algoliaLabel
    theme.SearchPage.documentsFound.plurals
    theme.SearchPage.emptyResultsTitle
    theme.SearchPage.existingResultsTitle
    theme.SearchPage.fetchingNewResults
    theme.SearchPage.inputPlaceholder
    theme.SearchPage.noResultsText
N widget
    theme.ErrorPageContent.title
    theme.ErrorPageContent.tryAgain
    theme.NotFound.title
    theme.NotFound.p1
    theme.NotFound.p2
    theme.IconExternalLink.ariaLabel
    theme.SearchModal.errorScreen.titleText
N skip
    theme.common.skipToMainContent
C heading
    theme.admonition.caution
    theme.admonition.danger
    theme.admonition.note
    theme.admonition.tip
    theme.admonition.warning
""")

_STARLIGHT = rules("""
N skip
    skipLink.label
N search
    search.label
N menu
    themeSelect.accessibleLabel
    menuButton.accessibleLabel
    tableOfContents.onThisPage
    page.editLink
N language
    languageSelect.accessibleLabel
    i18n.untranslatedContent
N pagination
    page.previousLink
    page.nextLink
N footer
    page.lastUpdated
    builtWithStarlight.label
N widget
    404.text
C heading
    aside.note
    aside.tip
    aside.caution
    aside.danger
""")

_DJANGO_COMMENTS = rules("""
F form_field
    Person name|Name
    Email address
    URL
    Comment
F form_rule
    Watch your mouth! The word %s is not allowed here. -> ***
    Thanks for commenting
    Thank you for your comment
    Thanks for taking the time to improve the quality of discussion on our site
    Please correct the error below
F form_button
    Post
    Preview
    Post your comment
    Preview your comment
F comment_action
    Flag this comment
    Really flag this comment?
    Remove a comment
    Really remove this comment?
    or make changes
""")

_COMMENTS_XTD = rules("""
F form_field
    Name
    Mail
    Your comment
    mail address
    url your name links to (optional)
F form_rule
    This comment has been removed.
    Required for comment verification
    Only registered users can post comments.
    Comment in moderation
    Comment requires approval
    Thanks for your comment!
    Comment confirmation requested.
F form_button
    send
    preview
    Post your comment
    Preview your comment
F comment_action
    Notify me about follow-up comments
    Notify follow-up comments
    Reply
    Flag comment
    Flag this comment?
    Remove comment
    Remove this comment?
    flag comment
    remove comment
    comment permalink
    I like it
    I dislike it
    Comment reply
    Reply to comment
F comment_count
    No comments yet.
    List of comments
""")

_ZINNIA = rules("""
F form_heading
    Post your comment
    Leave a comment on %(object)s
    Be first to comment!
F comment_count
    %(comment_count)s comment
    No comments yet.
    Comments
    Comments on %(object)s
F form_button
    Comment preview
F form_rule
    Comments are closed.
    Thanks for your comment
    Your comment needs to be approved before getting displayed.
    Please correct following error.
F comment_action
    Flag this comment
    Delete this comment
    View this comment
    Direct link to this comment
    Comment as
N related
    Recent comments
    Recent entries
    Random entries
    Popular entries
    Related entries
    Similar entries
N menu
    Categories
    Authors
    Archives
    Calendar
    Category list
    Author list
    Tag list
    Sitemap
    Useful links
    Weblog index
    Continue reading
    Back to %(title)s
    Return to entry list
    RSS feed
    Yearly archives
    Monthly archives
    Daily archives
    No tags yet.
    No categories yet.
N pagination
    Next entry
    Previous entry
    Previous day
    Next day
    Previous month
    Next month
    Previous week
    Next week
    Previous year
    Next year
    More recent entries
    More old entries
    Page %(current_page)s of %(total_page)s
N search
    Search
    Keywords...
    Nothing found.
    No entries yet.
    Search results for '%(pattern)s'
N login
    Login required
    Log out
    Login
    You need to be connected to view this entry.
    You need to provide a password to view this entry.
    Your username and password didn't match. Please try again.
N widget
    Page not found
    Sorry, but the requested page could not be found.
""")

_ALLAUTH = rules("""
N login
    Remember Me
    Forgot your password?
    Forgot Password?
    Password (again)
    Current Password
    New Password
    New Password (again)
    Sign In
    Sign Out
    Sign Up
    Password Reset
    Reset My Password
    Change Password
    Set Password
    Login
    field label|Login
    Sign in with a passkey
    Send me a sign-in code
    Are you sure you want to sign out?
    You have signed out.
    Username or email
    Password
    Username
    The username and/or password you specified are not correct.
    The email address and/or password you specified are not correct.
    You must type the same password each time.
    Other sign-in options
    Verify Your Email Address
    Confirm Email Address
    Your account has no verified email address.
    This account is inactive.
""")

_OSCAR = rules("""
N shop
    Add to basket
    Add to wish list
    View basket
    Checkout now
    Proceed to checkout
    Continue shopping
    Your basket is empty.
    Your basket is now empty
    Save for later
    Move to basket
    I have a voucher code...
    Add voucher
    Checkout
    Basket
    Wish Lists
    Order history
    Address book
    Create a new wishlist
    Please login to add products to a wish list.
    Update quantities
    return to basket
    Refine by
    Filter results
    Show results for
    Items to buy now
    Items to buy later
    Place order
    All products
    Notify me
    View product
    Browse store
N related
    Recommended items
    Products you recently viewed
N login
    Login or register
    Log In
    I've forgotten my password
    Register
    Get a password reminder
    Account
    Logout
    Change password
    Logging in...
N search
    Search
    No products found.
N menu
    Home
    Print this page
N widget
    Page not found!
    Page not found
    We're sorry but the page you are looking for can't be found.
F review
    Write a review
    Leave a product review
    Save review
    Customer Reviews
    Customer reviews
    See all reviews
    Number of reviews
    Is this review helpful?
    This review has no votes.
    This product does not have any reviews yet
    This product does not have any reviews yet.
C heading
    Product Description
    Product Information
""")

_MEZZANINE = rules("""
F comment_count
    Comments
    %(comments_count)s comment
    There are currently no comments
F comment_action
    Reply
    Comment deleted
    Comment awaiting approval
F form_heading
    New Comment
F review
    Current rating
    Currently unrated
N related
    Related posts
    Recent Comments
    Recent Posts
    Recent Tweets
N menu
    Categories
    Archive
    Authors
    Feeds
    read more
    View Mobile Site
N share
    Share on Twitter
    Share on Facebook
N footer
    Theme by
N search
    Search
    Search Results
N login
    Log in
    Log out
    Forgot password?
    Username or email:
    Password:
    Sign up
N widget
    Page not found
    The page you requested does not exist.
    Sorry, an error occurred.
""")

_MACHINA = rules("""
F form_heading
    Post a reply
F form_field
    Enter your subject
    Enter your message
F form_rule
    This message will be validated before appearing on the forum.
    This message has been posted successfully.
N menu
    Forum index
    Edit profile
    View all
    My messages
    Mark forums read
    Mark topics read
    Latest topics
N search
    Search forums
    New search
    No results.
    No posts found
N pagination
    Go to the page:
""")

_CMS_BLOG = rules("""
N menu
    read more
    Back
    Archive
    Categories
N related
    Related Posts
    Featured posts
    Featured Posts
    Latest Blog Articles
N search
    No article found.
    No categories found.
    No author found.
N pagination
    previous
    next
""")

_GHOST_COMMENTS = rules("""
F comment_count
    {amount} comments
    1 comment
    Member discussion
F form_button
    Add comment
    Add reply
    Comment
F form_heading
    Join the discussion
    Start the conversation
    Become a member of {publication} to start commenting.
    Become a paid member of {publication} to start commenting.
F form_field
    Name
    Enter your name
    Add your expertise
F form_rule
    {amount} characters left
    Complete your profile
    Add context to your comment, share your name and expertise to foster a healthy discussion.
    Once deleted, this comment can’t be recovered.
    This comment has been hidden.
    This comment has been removed.
    Hidden for members
    Your request will be sent to the owner of this site.
F comment_action
    Reply
    Reply to
    Reply to comment
    Replied to
    Report
    Report comment
    Report this comment?
    Edit this comment
    Hide comment
    Show comment
    Show {amount} more replies
    Show 1 more reply
""")

_GHOST_PORTAL = rules("""
A newsletter
    Subscribe
    Email newsletter
    Choose your newsletters
    Confirm subscription
    Thank you for subscribing. Before you start reading, below are a few other sites you may enjoy.
    To continue to stay up to date, subscribe to {publication} below.
    Unlock access to all newsletters by becoming a paid subscriber.
    Unsubscribe from all emails
    You've successfully subscribed to
A paywall
    {amount} days free
    {amount} off
    {amount} off forever.
    {discount}% discount
    {trialDays} days free
    Cancel anytime.
    Choose a different plan
    Choose a plan
    Change plan
    View plans
    Start {amount}-day free trial
    Try free for {amount} days, then {originalPrice}.
    This site only accepts paid members.
    This site is invite-only, contact the owner for access.
    Memberships unavailable, contact the owner for access.
    You currently have a free membership, upgrade to a paid subscription for full access.
    After a free trial ends, you will be charged the regular price for the tier you've chosen. You can always cancel before then.
    Continue subscription
    Cancel subscription
A donation
    Thank you for your support
    Thank you for your support!
N login
    Sign in
    Sign out
    Sign up
    Don't have an account?
    Back to Log in
    Account settings
    Your account
    Welcome back!
    Welcome back, {name}!
    A login link has been sent to your inbox. If it doesn't arrive in 3 minutes, be sure to check your spam folder.
    Sending login link...
    You've successfully signed in.
    Failed to log in, please try again
N related
    Recommendations
    Here are a few other sites you may enjoy.
    More like this
    Show all
""")

_GHOST_SIGNUP = rules("""
A newsletter
    Subscribe
""")

_GHOST_THEME = rules("""
A newsletter
    Thank you for subscribing to {siteTitle}!
    Thank you for subscribing to {siteTitle}.
    You're one tap away from subscribing to {siteTitle}!
    Confirm your subscription to {siteTitle}
    Become a paid member of {site} to get access to all premium content.
    Upgrade to continue reading.
N menu
    Keep reading
N login
    Sign in to {siteTitle}
""")

_GHOST_SEARCH = rules("""
N search
    No matches found
    Search posts, tags and authors
    Show more results
""")

_ISSO = rules("""
F form_field
    postbox-text
    postbox-author
    postbox-email
    postbox-website
F form_button
    postbox-preview
    postbox-submit
    comment-cancel
F form_rule
    postbox-notification
    comment-queued
    comment-deleted
F comment_count
    num-comments
    no-comments
F comment_action
    comment-reply
    comment-delete
    comment-hidden
N menu
    atom-feed
""")

_GITALK = rules("""
F form_heading
    leave-a-comment
    first-comment-person
F form_button
    preview
    comment
F comment_plugin
    init
    init-issue
    support-markdown
    login-with-github
F comment_count
    counts
F comment_sort
    sort-asc
    sort-desc
F comment_action
    logout
""")

_ARTALK = rules("""
F form_field
    placeholder
    nick
    email
    link
F form_button
    send
    preview
    uploadImage
    editCancel
F form_rule
    onlyAdminCanReply
    pendingMsg
    commentFail
    uploadLoginMsg
    restoredMsg
    voteFail
F comment_count
    noComment
    counter
F comment_action
    reply
    voteUp
    voteDown
    openComment
    closeComment
    collapsedMsg
F comment_plugin
    listLoadFailMsg
    adminCheck
F captcha
    captchaCheck
""")

_KLARO = rules("""
N consent
    acceptAll
    acceptSelected
    decline
    ok
    save
    close
    poweredBy
    consentModal.title
    consentModal.description
    consentNotice.title
    consentNotice.changeDescription
    consentNotice.learnMore
    consentNotice.imprint.name
    consentNotice.privacyPolicy.name
    contextualConsent.description
    contextualConsent.modalLinkText
    privacyPolicy.name
    purposes.advertising.description
    purposes.functional.title
    purposes.functional.description
    purposes.marketing.description
    purposes.performance.title
    purposes.performance.description
    service.disableAll.title
    service.disableAll.description
    service.optOut.title
    service.optOut.description
    service.required.title
    service.required.description
""")

_TARTEAUCITRON = rules("""
N consent
    adblock
    adblock_call
    reload
    alertBigScroll
    alertBigClick
    alertBig
    alertBigPrivacy
    alertSmall
    personalize
    acceptAll
    close
    closeBanner
    privacyUrl
    all
    info
    disclaimer
    allow
    deny
    noCookie
    useCookie
    useNoCookie
    noServices
    credit
    toggleInfoBox
    cookieDetail
    newWindow
    allowAll
    denyAll
    mandatoryTitle
    mandatoryText
    save
    ourpartners
""")

_SHARIFF = rules("""
N share
    title
    shareText
""")

_ICARUS = rules("""
N menu
    common.archive.other
    common.category.other
    common.tag.other
    article.more
    widget.links
    widget.catalogue
    plugin.backtotop
N pagination
    common.prev
    common.next
N share
    widget.follow
N related
    widget.recents
N search
    search.search
    search.hint
    search.no_result
N consent
    plugin.cookie_consent.message
    plugin.cookie_consent.dismiss
    plugin.cookie_consent.allow
    plugin.cookie_consent.deny
    plugin.cookie_consent.policy
A ad_label
    widget.adsense
A newsletter
    widget.subscribe_email
    widget.subscribe
A donation
    donate.title
    donate.buymeacoffee
F comment_count
    article.comments
""")

_PO = r"LC_MESSAGES/django\.po"

SOURCES: tuple[Source, ...] = (
    Source(
        "debian", "wordpress-l10n", "6.1.9+dfsg1-0+deb12u1",
        "0b0dd58213c72a1fd27dfcaef04a35d11f930554ab2562193c628cbf1e490b1a", "GPL-2.0-or-later",
        (Catalogue(r"usr/share/wordpress/wp-content/languages/(?P<lang>[a-z]{2,3}(?:_[A-Z]{2})?)\.mo", "gettext", _WORDPRESS),),
    ),
    Source(
        "debian", "mediawiki", "1:1.39.17-1+deb12u2",
        "dee6a9e1f11cf72ff9764f94815df980e120102984d15d489af079de7e980bba", "GPL-2.0-or-later",
        (
            Catalogue(
                r"usr/share/mediawiki/(?:languages|skins/(?:Vector|MinervaNeue|Timeless|MonoBook)"
                r"|extensions-core/ConfirmEdit(?:/FancyCaptcha)?)/i18n/(?P<lang>[a-z0-9-]+)\.json",
                "json", _MEDIAWIKI, english="en",
            ),
        ),
    ),
    Source(
        "debian", "dokuwiki", "0.0.20220731.a-2",
        "7c96577fdbb0045efbe47be3f68390fb7302dd938fb9ae3f4c79103be4743f32", "GPL-2.0",
        (Catalogue(r"usr/share/dokuwiki/inc/lang/(?P<lang>[a-z-]+)/lang\.php", "php", _DOKUWIKI, english="en"),),
    ),
    Source(
        "pypi", "plone.app.locales", "7.0.4",
        "de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa", "GPL-2.0",
        (Catalogue(r"plone/app/locales/locales/(?P<lang>[\w@]+)/LC_MESSAGES/plone\.po", "gettext", _PLONE),),
    ),
    Source(
        "pypi", "Nikola", "8.3.3",
        "cf01deb90e7062912cd96029fc477a41686bcd5bb1452f101c999f777fcc181a", "MIT",
        (Catalogue(r"nikola/data/themes/base/messages/messages_(?P<lang>[\w@]+)\.py", "pairs", _NIKOLA),),
    ),
    Source(
        "pypi", "Sphinx", "9.0.4",
        "5bebc595a5e943ea248b99c13814c1c5e10b3ece718976824ffa7959ff95fffb", "BSD-2-Clause",
        (Catalogue(r"sphinx/locale/(?P<lang>[\w@]+)/LC_MESSAGES/sphinx\.po", "gettext", _SPHINX),),
    ),
    Source(
        "pypi", "mkdocs-material", "9.8.2",
        "ef1414cab33d64fcc13387e972af5ba4620f55f93482d1842933399ed2c69b02", "MIT",
        (Catalogue(r"material/templates/partials/languages/(?P<lang>[\w-]+)\.html", "pairs", _MATERIAL, english="en"),),
    ),
    Source(
        "pypi", "django-contrib-comments", "2.2.0",
        "2ca79060bbc8fc5b636981ef6e50f35ab83649af75fc1be47bf770636be3271c", "BSD-3-Clause",
        (Catalogue(rf"django_comments/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _DJANGO_COMMENTS),),
    ),
    Source(
        "pypi", "django-comments-xtd", "2.10.13",
        "f23eb56bed39818f9aae2353579c26dd33246e00f05c350bc72532f87a5927e7", "BSD-2-Clause",
        (Catalogue(rf"django_comments_xtd/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _COMMENTS_XTD),),
    ),
    Source(
        "pypi", "django-blog-zinnia", "0.20",
        "ff570fb21fad39e998f84a2700099067579e4ca435c1718366e109e31115dfff", "BSD",
        (Catalogue(rf"zinnia/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _ZINNIA),),
    ),
    Source(
        "pypi", "django-allauth", "65.21.1",
        "7bdf018c9f3f0a32c80677f84e7777272d9c833b180bd6734314c4831c802a9e", "MIT",
        (Catalogue(rf"allauth/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _ALLAUTH),),
    ),
    Source(
        "pypi", "django-oscar", "4.2.1",
        "adbb95ea0130859c204cc6fb221052d6d437ecbaa90800e8418a809f72645e9c", "BSD-3-Clause",
        (Catalogue(rf"oscar/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _OSCAR),),
    ),
    Source(
        "pypi", "Mezzanine", "6.1.1",
        "abb8a3d7ee91b724d8aa89fa971bad1cf8e368c21055da4913e20e1418a96d1b", "BSD-2-Clause",
        (
            Catalogue(
                rf"mezzanine/(?:blog|core|generic|twitter|accounts)/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _MEZZANINE,
            ),
        ),
    ),
    Source(
        "pypi", "django-machina", "1.3.1",
        "df1779b49480269e3fdcc888ac26a501ab4428fe4e62b0e40d63c7a91bb2a6e5", "BSD-3-Clause",
        (Catalogue(rf"machina/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _MACHINA),),
    ),
    Source(
        "pypi", "djangocms-blog", "2.0.10",
        "7aad5becd265b90534c5c6d20c5e2c11aa8a09e762d2b8269fa11476cae0ce1c", "BSD-3-Clause",
        (Catalogue(rf"djangocms_blog/locale/(?P<lang>[\w@]+)/{_PO}", "gettext", _CMS_BLOG),),
    ),
    Source(
        "pypi", "isso", "0.14.0",
        "9e2ac090f49aeb8e33871280fcf9680e0ec68dcca50b5ef72e5f275df623c9e5", "MIT",
        (Catalogue(r"isso-[\d.]+/isso/js/app/i18n/(?P<lang>\w+)\.js", "pairs", _ISSO, english="en", plural="\n"),),
    ),
    Source(
        "npm", "ghost", "5.130.6",
        "f91213dec239b55a8407c60ee8621349a7828f9f4bb448ef9747718d2b13b6b0", "MIT",
        tuple(
            Catalogue(rf"package/locales/(?P<lang>[\w-]+)/{name}\.json", "json", found)
            for name, found in (
                ("comments", _GHOST_COMMENTS), ("portal", _GHOST_PORTAL), ("signup-form", _GHOST_SIGNUP),
                ("ghost", _GHOST_THEME), ("search", _GHOST_SEARCH),
            )
        ),
        inner=r"package/components/tryghost-i18n-[\d.]+\.tgz",
    ),
    Source(
        "npm", "@docusaurus/theme-translations", "3.10.2",
        "fb437137d55c487b8598832c037bd9d29490624c6fa39de45b1a6a79fbd52220", "MIT",
        (
            Catalogue(
                r"package/locales/(?P<lang>[\w-]+)/theme-(?:common|search-algolia)\.json", "json", _DOCUSAURUS,
                english="base", plural="|",
            ),
        ),
    ),
    Source(
        "npm", "@astrojs/starlight", "0.42.4",
        "baed903aa0cd24d6cc16f4c91aebd25f40815a533baf48d58bc8f4afcdeee9d1", "MIT",
        (Catalogue(r"package/dist/translations/(?P<lang>[\w-]+)\.js", "pairs", _STARLIGHT, english="en"),),
    ),
    Source(
        "npm", "gitalk", "1.8.0",
        "4a288e04f43ead4fa2d181b7ff8c288da03550f66dc73ba4b6219ac92e0158ac", "MIT",
        (Catalogue(r"package/src/i18n/(?P<lang>[\w-]+)\.json", "json", _GITALK, english="en", plural="||||"),),
    ),
    Source(
        "npm", "artalk", "2.9.1",
        "509aab22c4cecd68923aa6d471acf48c9abe20324f507965f6ea1deb662acafb", "MIT",
        (Catalogue(r"package/dist/i18n/(?P<lang>[\w-]+)\.cjs", "pairs", _ARTALK, english="en"),),
    ),
    Source(
        "npm", "klaro", "0.7.22",
        "da7f3f4a9e3931da6c32c2667312736837e702316ae03835a0e726ae94eb3f2a", "BSD-3-Clause",
        (Catalogue(r"package/src/translations/(?P<lang>[a-z_]+)\.yml", "yaml", _KLARO, english="en"),),
    ),
    Source(
        "npm", "tarteaucitronjs", "1.34.0",
        "e805b555e9bf4c4895d4f064b70bc0b517d67ba49d7b47d4bdc4e595b9f65f00", "MIT",
        (
            Catalogue(
                r"package/lang/tarteaucitron\.(?P<lang>[\w-]+)\.js", "pairs", _TARTEAUCITRON, english="en",
            ),
        ),
    ),
    Source(
        "npm", "shariff", "3.3.0",
        "b2e9daa28f3a4d07aaba6d3caf69ad57318a156a01105332705ec2b0fb91f470", "MIT",
        (Catalogue(r"package/src/js/services/\w+\.js", "by_language", _SHARIFF, english="en"),),
    ),
    Source(
        "npm", "hexo-theme-icarus", "6.1.1",
        "6fd9971334505e531a43f06656322cbec6de6022a7e850e96e56f563a6a70c34", "MIT",
        (Catalogue(r"package/languages/(?P<lang>[\w-]+)\.yml", "yaml", _ICARUS, english="en"),),
    ),
)  # fmt: skip
