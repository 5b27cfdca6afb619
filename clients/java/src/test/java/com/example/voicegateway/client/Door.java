package com.example.voicegateway.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A port that is kept throughout: whoever connects is hung up on, until there is a gateway that it leads to. A port
 * that is given up meanwhile may be another program's when it is wanted again.
 */
final class Door implements AutoCloseable {
  final AtomicInteger connections = new AtomicInteger();

  private final ServerSocket listener;
  private volatile int gateway;

  private Door(ServerSocket listener) {
    this.listener = listener;
  }

  static Door open() {
    try {
      Door door = new Door(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()));
      start(door::serve);
      return door;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  String target() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Opens it, to a gateway at this port of the loopback. */
  void leadTo(int port) {
    gateway = port;
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }

  private void serve() throws IOException {
    while (true) {
      Socket client = listener.accept();
      connections.incrementAndGet();
      if (gateway == 0) {
        client.close();
        continue;
      }
      Socket behind = new Socket(InetAddress.getLoopbackAddress(), gateway);
      start(() -> pass(client, behind));
      start(() -> pass(behind, client));
    }
  }

  private static void pass(Socket source, Socket target) throws IOException {
    try (source;
        target) {
      source.getInputStream().transferTo(target.getOutputStream());
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Ends with the first error: a socket is closed by then. */
  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException closed) {
                return;
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
