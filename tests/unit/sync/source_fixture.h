// What tests of fetched sources share: a web server that speaks TLS, and a folder of copies.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "sync/publisher/sources/web_source.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::publisher {

using Connection = testing::ScriptedWebServer::Connection;

class SourceCopiesTest : public ::testing::Test {
 protected:
  SourceCopiesTest() : certificates_(directory_.path()) { Restart(); }

  void Serve(testing::ScriptedWebServer::Handler handler) {
    server_ =
        std::make_unique<testing::ScriptedWebServer>(std::move(handler), &certificates_.server);
  }

  WebSource Source(const std::string& file = "feed.csv") const {
    WebSource source;
    source.url = absl::StrCat(server_->url(), file);
    source.ca_file = certificates_.authority.certificate();
    source.proxy = "";
    return source;
  }

  absl::StatusOr<FetchedCopy> Fetch(const WebSource& source, const std::string& format = "csv") {
    return copies_->Fetch("a-feed", format, source, now_, nullptr);
  }
  // Fetches, and takes what came for good.
  absl::StatusOr<FetchedCopy> FetchGood(const WebSource& source,
                                        const std::string& format = "csv") {
    absl::StatusOr<FetchedCopy> copy = Fetch(source, format);
    if (copy.ok()) {
      EXPECT_THAT(copies_->Accept("a-feed"), testing::IsOk());
    }
    return copy;
  }

  // As another run of the program finds things.
  void Restart() { copies_ = std::make_unique<SourceCopies>(directory_ / "copies"); }

  static std::string Contents(const absl::StatusOr<FetchedCopy>& copy) {
    if (!copy.ok()) return copy.status().ToString();
    return storage::ReadFile(copy->path, 1 << 20).value_or("cannot be read");
  }
  std::string LastGood() const { return Contents(copies_->Last("a-feed")); }

  std::string Write(const std::string& name, const std::string& text) const {
    EXPECT_THAT(storage::WriteFileAtomically(directory_ / name, text), testing::IsOk());
    return directory_ / name;
  }

  testing::TemporaryDirectory directory_;
  testing::TestCertificates certificates_;
  std::unique_ptr<testing::ScriptedWebServer> server_;
  std::unique_ptr<SourceCopies> copies_;
  absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
};

}  // namespace cloister::publisher
