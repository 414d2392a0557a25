import asyncio, logging, aiosmtplib, traceback
logging.basicConfig(level=0)
async def m():
    s=aiosmtplib.SMTP(hostname='127.0.0.1',port=22525,start_tls=False); await s.connect(); 
    try: await s.login('alice','wrong')
    except Exception as e: traceback.print_exc()
    try: await s.sendmail('a@lab.test',['nobody@lab.test'],'Subject: t\r\n\r\nhi\r\n')
    except Exception as e: traceback.print_exc()
    await s.quit()
asyncio.run(m(), debug=True)
