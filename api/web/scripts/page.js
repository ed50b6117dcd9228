// The chat page. It works without script; with it, answers arrive without a reload.

converse(document, "", openTalk(""));
