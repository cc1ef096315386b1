// What systemd is told (sd_notify(3)).

#pragma once

#include <string>

namespace cloister::publisher {

// "READY=1", "STATUS=…", lines of assignments. Nothing where nobody listens ($NOTIFY_SOCKET).
void Notify(const std::string& state);

}  // namespace cloister::publisher
