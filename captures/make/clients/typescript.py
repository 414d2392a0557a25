import pty,os,time,sys,select
def run(cmd, keys, out):
    pid,fd=pty.fork()
    if pid==0: os.execvp(cmd[0],cmd)
    buf=b''
    def drain(t):
        nonlocal buf
        end=time.time()+t
        while time.time()<end:
            r,_,_=select.select([fd],[],[],.05)
            if r:
                try: d=os.read(fd,4096)
                except OSError: return
                if not d: return
                buf+=d
    drain(1)
    for k in keys:
        os.write(fd,k); drain(.4)
    drain(.6)
    try: os.kill(pid,15)
    except Exception: pass
keys=[b'EHLO app01\r', b'mail frrom\x08\x08\x08om:<a@lab.test>\r', b'mail frrom\x7f\x7f\x7f\x7fom:<a@lab.test>\r', b'RCPT TO:<bob@lab.test>\r', b'DATA\r', b'Subject: x\r\rhello wrl\x7f\x7forld\r.\r', b'QUIT\r']
run(['script','-q' if len(sys.argv)>2 else '-f','-c','telnet 127.0.0.1 22525',sys.argv[1]], keys, None)
