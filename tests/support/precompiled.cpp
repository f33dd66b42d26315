// A target has to own the precompiled header; it does nothing else.
int main() {}
