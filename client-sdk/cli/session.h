// What every command has in common: global options, where to print, and the server.

#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client-sdk/cli/exit_code.h"
#include "client-sdk/cli/json_text.h"
#include "client-sdk/cli/progress_line.h"
#include "client-sdk/cli/terminal.h"
#include "client-sdk/src/deadline.h"
#include "client-sdk/src/failure.h"
#include "cloister/client.h"
#include "cloister/v1/admin.grpc.pb.h"

namespace cloister::cli {

struct GlobalOptions {
  std::string server = "127.0.0.1:7447";
  TlsFiles tls;
  bool plaintext = false;
  std::string timeout = "5s";  // as it was given
  bool timeout_given = false;
  std::string output = "text";

  bool json() const { return output == "json"; }
};

// One run of the command. Not thread-safe.
class Session {
 public:
  Session(std::istream* in, Terminal terminal, std::ostream* errors)
      : in_(in), terminal_(terminal), errors_(errors), progress_(errors) {}

  GlobalOptions& options() { return options_; }
  std::istream& in() { return *in_; }
  std::ostream& out() { return *terminal_.out; }
  const Terminal& terminal() const { return terminal_; }

  // The command that was chosen; set while the command line is parsed.
  std::function<ExitCode()> command;

  // What --timeout says. Checked when the command line is parsed.
  std::chrono::milliseconds timeout() const { return timeout_; }
  // For calls that read or move all of a feed: a day, unless --timeout was given.
  std::chrono::milliseconds long_timeout() const;
  absl::Status SetTimeout();

  // Prints "error: …" and what to do. Returns the exit code that it stands for.
  ExitCode Fail(ExitCode code, absl::string_view message);
  ExitCode Fail(const client::Failure& failure);

  // The exit code that a failed call stands for, in view of how this run connects.
  ExitCode CodeFor(const client::Failure& failure) const;

  // nullptr after having printed why; `*code` is then set.
  std::unique_ptr<Client> Connect(ExitCode* code);

  // What is going on, shown on standard error where that is a terminal.
  ProgressLine& progress() { return progress_; }

  // The admin service, for calls that Call cannot make (streams). nullptr after having printed why;
  // `*code` is then set.
  v1::AdminService::Stub* Admin(ExitCode* code) {
    return ConnectAdmin(code) ? admin_.get() : nullptr;
  }
  // Prints why a call failed; OK prints nothing and returns true. `*code` is set otherwise.
  bool Succeeded(const grpc::Status& status, ExitCode* code);

  // Calls a method of AdminService. On failure prints it and returns false; `*code` is then set.
  template <typename Request, typename Response>
  bool Call(grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
            const Request& request, Response* response, ExitCode* code) {
    return CallFor(timeout_, method, request, response, code);
  }
  // The same for calls that take their time.
  template <typename Request, typename Response>
  bool CallLong(grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                const Request& request, Response* response, ExitCode* code) {
    return CallFor(long_timeout(), method, request, response, code);
  }

 private:
  template <typename Request, typename Response>
  bool CallFor(std::chrono::milliseconds timeout,
               grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
               const Request& request, Response* response, ExitCode* code) {
    if (!ConnectAdmin(code)) return false;
    grpc::ClientContext context;
    context.set_deadline(client::Deadline::In(timeout).ForGrpc());
    return Succeeded((admin_.get()->*method)(&context, request, response), code);
  }

  bool CertificatesAreUsable(ExitCode* code);
  bool ConnectAdmin(ExitCode* code);
  ClientOptions ForClient() const;

  std::istream* const in_;
  const Terminal terminal_;
  std::ostream* const errors_;
  ProgressLine progress_;
  GlobalOptions options_;
  std::chrono::milliseconds timeout_{5000};
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace cloister::cli
