// The link button opens the form for an address; Wagtail's page tree is not part of this desk.
if (window.chooserUrls) window.chooserUrls.pageChooser = window.chooserUrls.externalLinkChooser;
